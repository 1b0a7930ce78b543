import {
  groupsOf,
  type JobShape,
  mayPair,
  parameterCount,
  partialSums,
  tilesOfAllGroups,
} from "./job_sizes.ts";

/** How the partial sums of a solve with its gradient are dealt out to threads. */
export interface DealtSums {
  /** Partial sums of the gradient. */
  readonly sums: number;
  /** Of these, the first ones, which threads take in twos; the others are taken one by one. */
  readonly paired: number;
  /** Times that a thread takes two sums or one. */
  readonly items: number;
  /** Groups that a thread solves side by side. */
  readonly lanes: 1 | 2;
}

/**
 * Weights in bytes beyond which threads take two sums at a time, whose tiles load each weight once. Less lie in
 * the L2 cache, forwards and transposed, where that gains nothing at width 64 and 1 % at 128, for twice as
 * many records at a time.
 */
const PAIRED_WEIGHT_BYTES = 2 ** 18;

/**
 * Deals out partial sums so that no thread takes more than its share, rounded up: in twos only in whole
 * rounds over all threads, and in a last round that leaves more sums than threads. The groups of one sum
 * are still solved side by side. No bits depend on it.
 */
export function dealSums(shape: JobShape, threads: number): DealtSums {
  const groups = groupsOf(shape), sums = partialSums(shape, tilesOfAllGroups(shape));
  if (!mayPair(shape, "pullBack")) return { sums, paired: 0, items: sums, lanes: 1 };
  const isLarge = 4 * parameterCount(shape) > PAIRED_WEIGHT_BYTES;
  const rest = sums % (2 * threads);
  const paired = !isLarge ? 0 : rest > threads ? sums - sums % 2 : sums - rest;
  const lanes = paired > 0 || groups > sums ? 2 : 1;
  return { sums, paired, items: sums - paired / 2, lanes };
}
