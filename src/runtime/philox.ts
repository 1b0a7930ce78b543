/**
 * Philox 4x32-10, the counter-based generator on which all of Fluxion's
 * randomness rests: four words are a pure function of a counter and a key.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3", section 4.3 (multipliers and Weyl increments there).
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9 | 0;
const W1 = 0xbb67ae85 | 0;
const ROUNDS = 10;

/**
 * High word of the 64-bit product of two 32-bit words, from 16-bit halves: no
 * partial sum exceeds 32 bits, so that all of it stays integer arithmetic.
 */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16;
  const bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const middle2 = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (middle2 >>> 16)) | 0;
}

/** A counter's upper two words and the key: what stays the same along a sequence of blocks. */
export interface PhiloxStream {
  readonly counter2: number;
  readonly counter3: number;
  readonly key0: number;
  readonly key1: number;
}

/**
 * One block of four words. All words are taken modulo 2^32.
 *
 * @param counter0 Lowest word of the counter.
 * @param counter1 The word above it.
 * @param out Receives the block from place `at` on.
 */
export function philox4x32(
  stream: PhiloxStream,
  counter0: number,
  counter1: number,
  out: Uint32Array,
  at: number,
): void {
  let c0 = counter0 | 0, c1 = counter1 | 0;
  let c2 = stream.counter2 | 0, c3 = stream.counter3 | 0;
  let k0 = stream.key0 | 0, k1 = stream.key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0), low0 = Math.imul(M0, c0);
    const high1 = mulHigh(M1, c2), low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/**
 * Consecutive blocks of four words: the first two words of the counter are the
 * block's number, the lower first.
 *
 * @param firstBlock A whole number from 0 to 2^53 - 1.
 * @param out [4 * blocks] Receives them.
 */
export function philoxBlocks(stream: PhiloxStream, firstBlock: number, out: Uint32Array): void {
  for (let at = 0; at < out.length; at += 4) {
    const block = firstBlock + at / 4;
    philox4x32(stream, block, Math.floor(block / 2 ** 32), out, at);
  }
}
