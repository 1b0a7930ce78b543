/** Minimum multiply-adds per partial sum: of products, and of a memory-bound pass. */
const [PRODUCT_WORK, PASS_WORK] = [8_000_000, 2_000_000];
/** Maximum number of partial sums. */
const MOST_PARTS = 8;

/** Number of partial sums of a sum of products over `count` items. It depends on sizes alone, and so do the bits. */
export function partsOfSum(count: number, work: number): number {
  return Math.max(1, Math.min(count, MOST_PARTS, Math.floor(work / PRODUCT_WORK)));
}

/** {@link partsOfSum} of a memory-bound pass. A power of two, to balance two threads. */
export function partsOfPass(count: number, work: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(count, MOST_PARTS, work / PASS_WORK))));
}

/** A range of items. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** Cuts `count` items into at most `pieces` ranges of about equal size; all but the last are multiples of `unit`. */
export function ranges(count: number, pieces: number, unit = 1): Range[] {
  const units = Math.ceil(count / unit);
  const used = Math.max(1, Math.min(pieces, units));
  return Array.from({ length: used }, (_, piece) => {
    const first = Math.floor(units * piece / used) * unit;
    const end = Math.min(count, Math.floor(units * (piece + 1) / used) * unit);
    return { first, count: end - first };
  });
}
