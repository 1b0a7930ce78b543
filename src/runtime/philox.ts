/**
 * Philox 4x32-10, the counter-based generator on which all of Fluxion's
 * randomness rests: four words are a pure function of a counter and a key.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3", section 4.3 (multipliers and Weyl increments there).
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** High word of the 64-bit product of two 32-bit words: JavaScript's numbers stop at 53 bits. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16;
  const bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle2 = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) +
    Math.floor(middle2 / 0x10000)) >>> 0;
}

/**
 * One block of four words.
 *
 * @param counter Four 32-bit words, read only.
 * @param key0 First word of the key.
 * @param key1 Second word of the key.
 * @param out [4] Receives the block.
 */
export function philox4x32(
  counter: Uint32Array,
  key0: number,
  key1: number,
  out: Uint32Array,
): void {
  let c0 = counter[0]!, c1 = counter[1]!, c2 = counter[2]!, c3 = counter[3]!;
  let k0 = key0 >>> 0, k1 = key1 >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0), low0 = Math.imul(M0, c0);
    const high1 = mulHigh(M1, c2), low1 = Math.imul(M1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
