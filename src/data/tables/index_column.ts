import type { ColumnChoice, FileColumns } from "./columns.ts";

/** Rows needed to see that a column counts. */
const LEAST_ROWS = 3;

/** Names that programs give to a column that counts rows, next to no name. */
const INDEX_NAMES = /^(?:index|id|row|unnamed: 0)$/i;

/** Follows whether the first column of a file only counts its rows, row by row. */
export class RowCounter {
  #rows = 0;
  #last = 0;
  #isCounting = true;

  /** @param value The first column's value; NaN if it has none. */
  add(value: number): void {
    this.#isCounting &&= Number.isSafeInteger(value) &&
      (this.#rows === 0 || value === this.#last + 1);
    this.#last = value;
    this.#rows++;
  }

  /** Whether the values were whole numbers, each the one before plus 1. */
  get isCounting(): boolean {
    return this.#isCounting && this.#rows >= LEAST_ROWS;
  }
}

/**
 * Whether a column that counts rows is their index by its place and name: the first of a file with a
 * line of names, in which it has none or that of an index. Columns that the user names are never left
 * out, nor is the only one.
 *
 * @param chosen.kept Indices of the kept columns, from 0.
 * @param chosen.isAsked Whether an option names the first of them.
 */
export function mayBeIndex(
  { names, count }: FileColumns,
  { kept, choice, isAsked }: {
    readonly kept: readonly number[];
    readonly choice: ColumnChoice;
    readonly isAsked: boolean;
  },
): boolean {
  const isChosen = choice.kind !== "select" || choice.columns !== undefined || isAsked;
  if (isChosen || kept.length < 2 || kept[0] !== 0 || names === null || count < 2) return false;
  return names[0]!.trim() === "" || INDEX_NAMES.test(names[0]!.trim());
}
