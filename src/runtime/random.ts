import { philox4x32 } from "./philox.ts";

/**
 * What a stream of random numbers is for. Two uses never share a stream, so
 * that adding draws to one leaves the others as they were. The numbers are part
 * of what makes a run reproducible: add to them, never change one.
 */
export const streams = {
  weights: 1,
  data: 2,
  batchOrder: 3,
  noise: 4,
  times: 5,
  probes: 6,
  samples: 7,
  evaluation: 8,
  split: 9,
} as const;

/** Which sequence: a seed, a stream, and within the stream a lane (an epoch, a step, a layer). */
export interface RandomKey {
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** One of {@link streams}. */
  readonly stream: number;
  /** A whole number from 0 to 2^32 - 1; 0 when left out. */
  readonly lane?: number;
}

type Floats = Float32Array | Float64Array;

/** Calls `use(word, index)` for the words `start`, `start + 1`, ... of the key's sequence. */
function forEachWord(
  key: RandomKey,
  range: { start: number; count: number },
  use: (word: number, offset: number) => void,
): void {
  const counter = new Uint32Array(4), block = new Uint32Array(4);
  counter[2] = key.stream;
  counter[3] = key.lane ?? 0;
  const key0 = key.seed >>> 0, key1 = Math.floor(key.seed / 2 ** 32) >>> 0;
  let filled = -1;
  for (let offset = 0; offset < range.count; offset++) {
    const index = range.start + offset;
    const blockIndex = Math.floor(index / 4);
    if (blockIndex !== filled) {
      counter[0] = blockIndex >>> 0;
      counter[1] = Math.floor(blockIndex / 2 ** 32) >>> 0;
      philox4x32(counter, key0, key1, block);
      filled = blockIndex;
    }
    use(block[index % 4]!, offset);
  }
}

/**
 * Fills `out` with uniform numbers in the open interval (0, 1): entry i is a
 * function of (key, start + i) alone.
 *
 * A word w becomes (w's upper 23 bits + 1/2) / 2^23, exact in float32, so that
 * every engine has the same bits and no logarithm meets a zero.
 */
export function fillUniform<T extends Floats>(
  key: RandomKey,
  start: number,
  out: T,
): T {
  forEachWord(key, { start, count: out.length }, (word, i) => {
    out[i] = ((word >>> 9) + 0.5) / 0x800000;
  });
  return out;
}

/**
 * Fills `out` with standard normal numbers: entry i is a function of
 * (key, start + i) alone.
 *
 * Source: Box and Muller 1958. Numbers 2j and 2j + 1 come from uniform words 2j
 * and 2j + 1; the largest magnitude is sqrt(2 * 24 ln 2) = 5.77.
 */
export function fillNormal<T extends Floats>(
  key: RandomKey,
  start: number,
  out: T,
): T {
  const first = start - (start % 2);
  const end = start + out.length;
  let radius = 0, angle = 0;
  forEachWord(
    key,
    { start: first, count: end + (end % 2) - first },
    (word, offset) => {
      const u = ((word >>> 9) + 0.5) / 0x800000;
      if (offset % 2 === 0) {
        radius = Math.sqrt(-2 * Math.log(u));
        return;
      }
      angle = 2 * Math.PI * u;
      const position = first + offset - 1 - start;
      if (position >= 0) out[position] = radius * Math.cos(angle);
      if (position + 1 < out.length) {
        out[position + 1] = radius *
          Math.sin(angle);
      }
    },
  );
  return out;
}

/** Fills `out` with +1 or -1, each with probability one half (Rademacher). */
export function fillSigns<T extends Floats>(
  key: RandomKey,
  start: number,
  out: T,
): T {
  forEachWord(key, { start, count: out.length }, (word, i) => {
    out[i] = word >>> 31 === 0 ? 1 : -1;
  });
  return out;
}

/**
 * A random order of 0..n-1 (Fisher and Yates), a function of the key alone.
 *
 * @throws {RangeError} If n is not a whole number from 0 to 2^32 - 1.
 */
export function permutation(key: RandomKey, n: number): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) {
    throw new RangeError(`permutation: n must be a whole number, got ${n}`);
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  forEachWord(key, { start: 0, count: Math.max(0, n - 1) }, (word, offset) => {
    const last = n - 1 - offset;
    const pick = Math.floor((word / 2 ** 32) * (last + 1));
    const held = order[last]!;
    order[last] = order[pick]!;
    order[pick] = held;
  });
  return order;
}
