import type { RandomKey } from "../../../core/random/random.ts";

/** Entries of a sequence of random numbers. */
export interface Draw {
  /** The sequence. */
  readonly key: RandomKey;
  /** The first entry. */
  readonly start: number;
  /** Their number. */
  readonly count: number;
}

/**
 * Fields with which the job of a kernel begins that draws random numbers: the counter of the first block of four
 * entries, the key, entries of that block before the first one, and the number of entries.
 */
export const DRAW_FIELDS_WGSL = "first: vec4u, key: vec2u, skipped: u32, count: u32";

/**
 * The job of a kernel whose threads draw a block each.
 *
 * @param own Its field after {@link DRAW_FIELDS_WGSL}.
 * @returns Its words, padded as WGSL pads the struct, and the number of blocks.
 */
export function drawJob(
  { key, start, count }: Draw,
  own: number,
): { readonly words: Uint32Array<ArrayBuffer>; readonly blocks: number } {
  const skipped = start % 4, block = (start - skipped) / 4;
  const words = Uint32Array.of(
    ...[block, Math.floor(block / 2 ** 32), key.stream, key.subsequence ?? 0],
    ...[key.seed, Math.floor(key.seed / 2 ** 32)],
    ...[skipped, count, own, 0, 0, 0],
  );
  return { words, blocks: Math.ceil((skipped + count) / 4) };
}
