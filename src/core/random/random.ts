import { CHUNK, RandomKernels } from "./random_kernels.ts";

/** Identifies a sequence of random words. Fluxion's own keys come from `keyOf` (subsequences.ts). */
export interface RandomKey {
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** A whole number from 0 to 2^32 - 1. */
  readonly stream: number;
  /** Subsequence of the stream: a whole number from 0 to 2^32 - 1; default 0. */
  readonly subsequence?: number;
}

/** Created on the first draw, so a program that draws nothing does not compile them. */
let started: RandomKernels | undefined;

function kernels(): RandomKernels {
  return started ??= new RandomKernels();
}

/**
 * Calls `use(words, from, offset, count)` for each chunk of words `start`, `start + 1`, ... of the
 * key's sequence: `words[from + i]` is word `start + offset + i`. Chunks start at a Philox block.
 */
function forEachChunk(
  key: RandomKey,
  range: { readonly start: number; readonly count: number },
  use: (words: Uint32Array, from: number, offset: number, count: number) => void,
): void {
  requireWords(key, range.start + range.count);
  const stream = {
    counter2: key.stream,
    counter3: key.subsequence ?? 0,
    key0: key.seed,
    key1: Math.floor(key.seed / 2 ** 32),
  };
  for (let offset = 0; offset < range.count;) {
    const first = range.start + offset;
    const from = first % 4, block = (first - from) / 4;
    const count = Math.min(CHUNK - from, range.count - offset);
    const words = kernels().words(stream, block, Math.floor(block / 2 ** 32), from + count);
    use(words, from, offset, count);
    offset += count;
  }
}

/** Checks key and range: a word beyond the counter would silently belong to another sequence. */
function requireWords({ seed, stream, subsequence = 0 }: RandomKey, end: number): void {
  const isWhole = (value: number, most: number) =>
    Number.isInteger(value) && value >= 0 && value <= most;
  const most = Number.MAX_SAFE_INTEGER;
  if (
    !isWhole(seed, most) || !isWhole(stream, 2 ** 32 - 1) || !isWhole(subsequence, 2 ** 32 - 1) ||
    !isWhole(end, most)
  ) {
    throw new RangeError(
      `random: expected whole numbers, seed and index below 2^53, stream and subsequence ` +
        `below 2^32, got seed ${seed}, stream ${stream}, subsequence ${subsequence}, last index ${end}`,
    );
  }
}

/** A word as a number in (0, 1): see {@link fillUniform}. */
function toUniform(word: number): number {
  return ((word >>> 9) + 0.5) / 0x800000;
}

/**
 * Fills `out` with uniform numbers in the open interval (0, 1); entry i depends only on
 * (key, start + i).
 *
 * A word w maps to ((w >>> 9) + 1/2) / 2^23. This is exact in float32, so every engine has the
 * same bits, and never zero, so its logarithm is finite.
 */
export function fillUniform<T extends Float32Array | Float64Array>(
  key: RandomKey,
  start: number,
  out: T,
): T {
  forEachChunk(key, { start, count: out.length }, (words, from, offset, count) => {
    for (let i = 0; i < count; i++) out[offset + i] = toUniform(words[from + i]!);
  });
  return out;
}

/**
 * Fills `out` with standard normal numbers; entry i depends only on (key, start + i).
 *
 * Source: Box and Muller 1958. Numbers 2j and 2j + 1 come from words 2j and 2j + 1; the largest
 * magnitude is sqrt(2 * 24 ln 2) = 5.77. Logarithm, sine and cosine are Fluxion's own
 * (random_kernels.as.ts), so the bits do not depend on machine or JavaScript engine.
 */
export function fillNormal<T extends Float32Array | Float64Array>(
  key: RandomKey,
  start: number,
  out: T,
): T {
  const bits = out instanceof Float32Array ? 32 : 64;
  forEachChunk(key, { start, count: out.length }, (_, from, offset, count) => {
    out.set(kernels().normals(from + count, bits).subarray(from, from + count), offset);
  });
  return out;
}

/** Fills `out` with +1 or -1, each with probability one half (Rademacher). */
export function fillSigns<T extends Float32Array | Float64Array>(
  key: RandomKey,
  start: number,
  out: T,
): T {
  forEachChunk(key, { start, count: out.length }, (words, from, offset, count) => {
    for (let i = 0; i < count; i++) out[offset + i] = words[from + i]! >>> 31 === 0 ? 1 : -1;
  });
  return out;
}

/**
 * A random permutation of 0..n-1 (Fisher-Yates), determined by the key.
 *
 * @throws {RangeError} If n is not a whole number from 0 to 2^32 - 1.
 */
export function permutation(key: RandomKey, n: number): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) {
    throw new RangeError(`permutation: n must be a whole number, got ${n}`);
  }
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  forEachChunk(key, { start: 0, count: Math.max(0, n - 1) }, (words, from, offset, count) => {
    for (let i = 0; i < count; i++) {
      const last = n - 1 - offset - i;
      const pick = Math.floor((words[from + i]! / 2 ** 32) * (last + 1));
      const held = order[last]!;
      order[last] = order[pick]!;
      order[pick] = held;
    }
  });
  return order;
}
