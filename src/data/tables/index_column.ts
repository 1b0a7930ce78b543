import type { ColumnChoice, FileColumns } from "./columns.ts";

/** Rows needed to see that a column counts. */
const LEAST_ROWS = 3;

/** Names that programs give to a column that counts rows, next to no name. */
const INDEX_NAMES = /^(?:index|id|row|unnamed: 0(?:\.\d+)?)$/i;

/** Name of an index that pandas wrote, read as a column and wrote again behind a new index. */
const OLD_INDEX = /^unnamed: 0(?:\.\d+)?$/i;

/** Whether a column has no name, or one that programs give to an index. */
export function isIndexName(name: string): boolean {
  return name.trim() === "" || INDEX_NAMES.test(name.trim());
}

/** Most values of a column that are compared with each other. */
const MOST_COMPARED = 2 ** 20;

/** Follows whether the first column of a file only counts its rows, row by row. */
class RowCounter {
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

/** Follows the first columns of a file that may be its index, row by row. */
export class IndexCounter {
  readonly #counters: readonly RowCounter[];
  /** Values of the first column; null once it is no index of rows in another order. */
  #seen: Set<number> | null = new Set();
  #rows = 0;

  /** @param candidates Number of columns to follow: {@link indexCandidates}. */
  constructor(candidates: number) {
    this.#counters = Array.from({ length: candidates }, () => new RowCounter());
  }

  /** @param row Values of the kept columns; NaN: missing. */
  add(row: ArrayLike<number>): void {
    this.#counters.forEach((counter, i) => counter.add(row[i]!));
    this.#rows++;
    const isNew = Number.isSafeInteger(row[0]) && this.#seen?.add(row[0]!).size === this.#rows;
    if (!isNew || this.#rows > MOST_COMPARED) this.#seen = null;
  }

  /**
   * Whether the first column does not count, but has a different whole number in each row, as the
   * index of a table that was shuffled or filtered.
   */
  get isLikeIndex(): boolean {
    return this.#counters.length > 0 && this.count === 0 && this.#seen !== null &&
      this.#rows >= LEAST_ROWS;
  }

  /** How many of the first columns only count the rows. */
  get count(): number {
    const other = this.#counters.findIndex(({ isCounting }) => !isCounting);
    return other < 0 ? this.#counters.length : other;
  }
}

/**
 * How many of the first columns are an index by their places and names, if they count the rows: the
 * first of a file with a line of names, in which it has none or that of an index, and older indices
 * of pandas behind it. Columns that the user names are never left out, nor is the only one.
 *
 * @param chosen.kept Indices of the kept columns, from 0.
 * @param chosen.isAsked Whether an option names one of them, by position among the kept.
 */
export function indexCandidates(
  { names, count }: FileColumns,
  { kept, choice, isAsked }: {
    readonly kept: readonly number[];
    readonly choice: ColumnChoice;
    readonly isAsked: (column: number) => boolean;
  },
): number {
  if (choice.kind !== "select" || choice.columns !== undefined || names === null) return 0;
  const isCandidate = (i: number) =>
    kept[i] === i && i < Math.min(kept.length, count) - 1 && !isAsked(i) &&
    (i === 0 ? isIndexName(names[0]!) : OLD_INDEX.test(names[i]!.trim()));
  let candidates = 0;
  while (isCandidate(candidates)) candidates++;
  return candidates;
}
