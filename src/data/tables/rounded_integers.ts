import { allColumns, type DroppedColumn, type FileColumns } from "./columns.ts";

/** A column with whole numbers that float64 does not hold. */
export interface RoundedColumn {
  /** The column. */
  readonly column: DroppedColumn;
  /** How many of its values were rounded. */
  readonly count: number;
  /** The first of them, as the file has it. */
  readonly exact: bigint;
  /** The first of them, as it was read. */
  readonly rounded: bigint;
  /** Where it stands, for people: `line 3`. */
  readonly place: string;
}

/** Whether float64 rounds a whole number: only beyond 2^53, and not all of those. */
export function isRounded(exact: bigint, value: number = Number(exact)): boolean {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return false;
  return !Number.isFinite(value) || BigInt(value) !== exact;
}

/** Whether a field is a whole number that float64 rounds. */
export function isRoundedField(field: string, value: number = Number(field)): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && /^[+-]?\d{16,}$/.test(field) &&
    isRounded(BigInt(field), value);
}

/** Counts the whole numbers of a table that float64 rounds, by column. */
export class RoundedIntegers {
  /** By index in the file. */
  readonly #columns = new Map<number, { count: number; exact: bigint; place: string }>();

  /**
   * @param column Index in the file.
   * @param place Line or row, for messages.
   */
  add(column: number, exact: bigint, place: string): void {
    const found = this.#columns.get(column);
    if (found === undefined) this.#columns.set(column, { count: 1, exact, place });
    else found.count++;
  }

  /** Those of the kept columns (indices from 0), in their order. */
  of(file: FileColumns, kept: readonly number[]): readonly RoundedColumn[] {
    const all = allColumns(file);
    return kept.flatMap((index) => {
      const found = this.#columns.get(index);
      return found === undefined
        ? []
        : [{ column: all[index]!, ...found, rounded: BigInt(Number(found.exact)) }];
    });
  }
}
