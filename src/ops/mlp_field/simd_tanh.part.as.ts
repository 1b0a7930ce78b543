import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES, LANES, Net } from "./net.layout.part.as";
import { multiply } from "./simd_planes.part.as";

/**
 * tanh, and the first layer that ends in it. tanh as x P(x^2) / Q(x^2): within 6 ulp over all of float32 (measured: 4.4 with relaxed SIMD, 5.4
 * without); NaN stays NaN.
 *
 * Source of the coefficients: Eigen, MathFunctionsImpl.h, ptanh_float.
 *
 * Constants are loaded from memory, since V8 rematerialises those in the code for each vector. A load that
 * splats one number joins two vectors to 256 bits, one of four equal numbers does not.
 *
 * Eight vectors go through P together in a loop over its coefficients. Without the loop the compiler would
 * order the arithmetic by vector, and the processor's window would hold few of these long chains:
 * 2.9 ns per eight numbers instead of 2.3 (4.8 and 4.6 with vectors of 128 bits).
 */

/** Byte offsets of constants for the slope of tanh, behind those of {@link tanhInPlace}. */
export const ONE_AT: usize = 52;
export const MINUS_TWO_AT: usize = 56;

/** Writes the constants that {@link tanhInPlace} and its slope read. */
export function writeTanhConstants(at: usize): void {
  const limit: f32 = 7.99881172180175781;
  store<f32>(at, limit);
  store<f32>(at, -limit, 4);
  store<f32>(at, -2.76076847742355e-16, 8);
  store<f32>(at, 2.00018790482477e-13, 12);
  store<f32>(at, -8.60467152213735e-11, 16);
  store<f32>(at, 5.12229709037114e-08, 20);
  store<f32>(at, 1.48572235717979e-05, 24);
  store<f32>(at, 6.37261928875436e-04, 28);
  store<f32>(at, 4.89352455891786e-03, 32);
  store<f32>(at, 1.19825839466702e-06, 36);
  store<f32>(at, 1.18534705686654e-04, 40);
  store<f32>(at, 2.26843463243900e-03, 44);
  store<f32>(at, 4.89352518554385e-03, 48);
  store<f32>(at, 1, ONE_AT);
  store<f32>(at, -2, MINUS_TWO_AT);
}

// @ts-ignore: decorator
@inline
const P_AT: usize = 8;
// @ts-ignore: decorator
@inline
const Q_AT: usize = 36;

/** Q of the square `s`. */
// @ts-ignore: decorator
@inline
function denominator(s: v128, k: usize): v128 {
  let q = multiplyAdd(s, v128.load32_splat(k, Q_AT), v128.load32_splat(k, Q_AT + 4));
  q = multiplyAdd(s, q, v128.load32_splat(k, Q_AT + 8));
  return multiplyAdd(s, q, v128.load32_splat(k, Q_AT + 12));
}

/** Clamps to the limits; pmin(a, b) is b < a ? b : a, so a NaN as first operand stays. */
// @ts-ignore: decorator
@inline
function clamp(x: v128, k: usize): v128 {
  return f32x4.pmax(f32x4.pmin(x, v128.load32_splat(k)), v128.load32_splat(k, 4));
}

/** c (P / Q), not (c P) / Q: for the smallest numbers, c P is denormal. */
// @ts-ignore: decorator
@inline
function product(c: v128, p: v128, s: v128, k: usize): v128 {
  return f32x4.mul(c, f32x4.div(p, denominator(s, k)));
}

/**
 * Stores tanh of eight vectors.
 *
 * @param k From {@link writeTanhConstants}.
 */
// @ts-ignore: decorator
@inline
function storeEightTanhs(
  at: usize,
  k: usize,
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  x4: v128,
  x5: v128,
  x6: v128,
  x7: v128,
): void {
  const c0 = clamp(x0, k), c1 = clamp(x1, k), c2 = clamp(x2, k), c3 = clamp(x3, k);
  const c4 = clamp(x4, k), c5 = clamp(x5, k), c6 = clamp(x6, k), c7 = clamp(x7, k);
  const s0 = f32x4.mul(c0, c0), s1 = f32x4.mul(c1, c1), s2 = f32x4.mul(c2, c2), s3 = f32x4.mul(c3, c3);
  const s4 = f32x4.mul(c4, c4), s5 = f32x4.mul(c5, c5), s6 = f32x4.mul(c6, c6), s7 = f32x4.mul(c7, c7);
  let p0 = v128.load32_splat(k, P_AT), p1 = p0, p2 = p0, p3 = p0, p4 = p0, p5 = p0, p6 = p0, p7 = p0;
  for (let next = k + P_AT + 4, end = k + Q_AT; next < end; next += 4) {
    const w = v128.load32_splat(next);
    p0 = multiplyAdd(s0, p0, w);
    p1 = multiplyAdd(s1, p1, w);
    p2 = multiplyAdd(s2, p2, w);
    p3 = multiplyAdd(s3, p3, w);
    p4 = multiplyAdd(s4, p4, w);
    p5 = multiplyAdd(s5, p5, w);
    p6 = multiplyAdd(s6, p6, w);
    p7 = multiplyAdd(s7, p7, w);
  }
  // Stored two by two: Q's constants for all would take so many registers that some were spilled.
  const r0 = product(c0, p0, s0, k), r1 = product(c1, p1, s1, k);
  v128.store(at, r1, 16);
  v128.store(at, r0);
  const r2 = product(c2, p2, s2, k), r3 = product(c3, p3, s3, k);
  v128.store(at, r3, 48);
  v128.store(at, r2, 32);
  const r4 = product(c4, p4, s4, k), r5 = product(c5, p5, s5, k);
  v128.store(at, r5, 80);
  v128.store(at, r4, 64);
  const r6 = product(c6, p6, s6, k), r7 = product(c7, p7, s7, k);
  v128.store(at, r7, 112);
  v128.store(at, r6, 96);
}

/** {@link storeEightTanhs} of four vectors, with the same bits. */
// @ts-ignore: decorator
@inline
function storeFourTanhs(at: usize, k: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const c0 = clamp(x0, k), c1 = clamp(x1, k), c2 = clamp(x2, k), c3 = clamp(x3, k);
  const s0 = f32x4.mul(c0, c0), s1 = f32x4.mul(c1, c1), s2 = f32x4.mul(c2, c2), s3 = f32x4.mul(c3, c3);
  let p0 = v128.load32_splat(k, P_AT), p1 = p0, p2 = p0, p3 = p0;
  for (let next = k + P_AT + 4, end = k + Q_AT; next < end; next += 4) {
    const w = v128.load32_splat(next);
    p0 = multiplyAdd(s0, p0, w);
    p1 = multiplyAdd(s1, p1, w);
    p2 = multiplyAdd(s2, p2, w);
    p3 = multiplyAdd(s3, p3, w);
  }
  const r0 = product(c0, p0, s0, k), r1 = product(c1, p1, s1, k);
  v128.store(at, r1, 16);
  v128.store(at, r0);
  const r2 = product(c2, p2, s2, k), r3 = product(c3, p3, s3, k);
  v128.store(at, r3, 48);
  v128.store(at, r2, 32);
}

/**
 * tanh of `count` numbers in place, a multiple of 16.
 *
 * @param k From {@link writeTanhConstants}.
 */
export function tanhInPlace(at: usize, count: i32, k: usize): void {
  const end = at + <usize>count * 4, last = end - 64;
  for (; at < last; at += 128) {
    storeEightTanhs(
      at,
      k,
      v128.load(at),
      v128.load(at, 16),
      v128.load(at, 32),
      v128.load(at, 48),
      v128.load(at, 64),
      v128.load(at, 80),
      v128.load(at, 96),
      v128.load(at, 112),
    );
  }
  if (at < end) {
    storeFourTanhs(at, k, v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48));
  }
}

/**
 * Dimensions up to which the first layer's product goes into tanh without being stored: with few inputs a
 * tile of `multiply` is mostly loads of biases and stores.
 */
const FEW_DIMS: i32 = 4;

/**
 * h1 = tanh(x W0 + bias) of a tile, with the bits of a product and {@link tanhInPlace}.
 *
 * @param bias From `timeBiases`.
 * @param x Plane [dims].
 */
export function firstLayer(net: Net, bias: usize, x: usize, out: usize): void {
  const dims = net.dims, hidden = net.hidden;
  if (dims > FEW_DIMS) {
    multiply(net.wide, net.w0, dims, hidden, x, bias, out);
    tanhInPlace(out, hidden * LANES, net.tanhConstants);
    return;
  }
  const k = net.tanhConstants, row = <usize>hidden * 4;
  // W0 as it came, [dims, hidden], before its bias.
  let first = net.b0 - <usize>dims * row;
  const endX = x + <usize>dims * LANE_BYTES, end = bias + row;
  for (; bias + 8 < end; bias += 16, first += 16, out += 4 * LANE_BYTES) {
    let a0 = v128.load32_splat(bias), b0 = a0;
    let a1 = v128.load32_splat(bias, 4), b1 = a1;
    let a2 = v128.load32_splat(bias, 8), b2 = a2;
    let a3 = v128.load32_splat(bias, 12), b3 = a3;
    for (let input = x, w = first; input < endX; input += LANE_BYTES, w += row) {
      const x0 = v128.load(input), x1 = v128.load(input, 16);
      let s = v128.load32_splat(w);
      a0 = multiplyAdd(s, x0, a0);
      b0 = multiplyAdd(s, x1, b0);
      s = v128.load32_splat(w, 4);
      a1 = multiplyAdd(s, x0, a1);
      b1 = multiplyAdd(s, x1, b1);
      s = v128.load32_splat(w, 8);
      a2 = multiplyAdd(s, x0, a2);
      b2 = multiplyAdd(s, x1, b2);
      s = v128.load32_splat(w, 12);
      a3 = multiplyAdd(s, x0, a3);
      b3 = multiplyAdd(s, x1, b3);
    }
    storeEightTanhs(out, k, a0, b0, a1, b1, a2, b2, a3, b3);
  }
  if (bias >= end) return;
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  for (; x < endX; x += LANE_BYTES, first += row) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    let s = v128.load32_splat(first);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    s = v128.load32_splat(first, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
  }
  storeFourTanhs(out, k, a0, b0, a1, b1);
}
