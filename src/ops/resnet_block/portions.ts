import { type Range, ranges } from "../../threads/ranges.ts";

/** Shape of a batch of images, NHWC. */
export type Images = readonly [n: number, h: number, w: number, c: number];

/** Bytes per tensor of the images processed together: a few such tensors fit a core's caches. */
const PORTION_BYTES = 400_000;
/** Minimum number of portions, given enough images, to share among threads. */
const MIN_PORTIONS = 8;

/**
 * Splits a batch into portions of images that one thread takes through several layers, so that each
 * layer's output is still in its cache for the next one; the last is the largest. The split depends on
 * the sizes only, because it determines the order of sums over the batch.
 */
export function portions([n, h, w, c]: Images): Range[] {
  const most = Math.max(
    1,
    Math.floor(PORTION_BYTES / (Float32Array.BYTES_PER_ELEMENT * h * w * c)),
  );
  return ranges(n, Math.max(MIN_PORTIONS, Math.ceil(n / most)));
}
