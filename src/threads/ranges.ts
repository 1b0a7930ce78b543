/** Multiply-adds that are worth a part of a sum of its own, where there is a product to make and where not. */
const [PRODUCT_WORK, PASS_WORK] = [8_000_000, 2_000_000];
/** The most parts of a sum. */
const MOST_PARTS = 8;

/** In how many parts a sum of products over `count` items is made: a matter of its size alone. */
export function partsOfSum(count: number, work: number): number {
  return Math.max(1, Math.min(count, MOST_PARTS, Math.floor(work / PRODUCT_WORK)));
}

/**
 * {@link partsOfSum} where what is added up is made in one pass over memory. A power of two,
 * since of five parts one of two threads has three.
 */
export function partsOfPass(count: number, work: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(count, MOST_PARTS, work / PASS_WORK))));
}

/** A range of items. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** Cuts `count` items into at most so many ranges, about equal; all but the last are multiples of `unit`. */
export function ranges(count: number, pieces: number, unit = 1): Range[] {
  const units = Math.ceil(count / unit);
  const used = Math.max(1, Math.min(pieces, units));
  return Array.from({ length: used }, (_, piece) => {
    const first = Math.floor(units * piece / used) * unit;
    const end = Math.min(count, Math.floor(units * (piece + 1) / used) * unit);
    return { first, count: end - first };
  });
}
