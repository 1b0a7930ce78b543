import { multiplyAdd } from "../simd/multiply_add.part.as";

/**
 * tanh as x P(x^2) / Q(x^2): within 6 ulp over all of float32 (measured: 4.4 with relaxed SIMD, 5.4
 * without); NaN stays NaN.
 *
 * Source of the coefficients: Eigen, MathFunctionsImpl.h, ptanh_float.
 *
 * Constants are loaded from memory and four vectors are computed side by side: twice as fast as with
 * constants in the code, which V8 rematerialises for each vector. A load that splats one number joins
 * two vectors to 256 bits, one of four equal numbers does not (2.7 against 3.3 ns per eight numbers).
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

/** The quotient P / Q. */
// @ts-ignore: decorator
@inline
function quotient(c: v128, k: usize): v128 {
  const s = f32x4.mul(c, c);
  let p = multiplyAdd(s, v128.load32_splat(k, 8), v128.load32_splat(k, 12));
  p = multiplyAdd(s, p, v128.load32_splat(k, 16));
  p = multiplyAdd(s, p, v128.load32_splat(k, 20));
  p = multiplyAdd(s, p, v128.load32_splat(k, 24));
  p = multiplyAdd(s, p, v128.load32_splat(k, 28));
  p = multiplyAdd(s, p, v128.load32_splat(k, 32));
  let q = multiplyAdd(s, v128.load32_splat(k, 36), v128.load32_splat(k, 40));
  q = multiplyAdd(s, q, v128.load32_splat(k, 44));
  q = multiplyAdd(s, q, v128.load32_splat(k, 48));
  return f32x4.div(p, q);
}

/** Clamps to the limits; pmin(a, b) is b < a ? b : a, so a NaN as first operand stays. */
// @ts-ignore: decorator
@inline
function clamp(x: v128, k: usize): v128 {
  return f32x4.pmax(f32x4.pmin(x, v128.load32_splat(k)), v128.load32_splat(k, 4));
}

/**
 * tanh of `count` numbers in place, a multiple of 16.
 *
 * @param k From {@link writeTanhConstants}.
 */
export function tanhInPlace(at: usize, count: i32, k: usize): void {
  const end = at + <usize>count * 4;
  for (; at < end; at += 64) {
    const c0 = clamp(v128.load(at), k), c1 = clamp(v128.load(at, 16), k);
    const c2 = clamp(v128.load(at, 32), k), c3 = clamp(v128.load(at, 48), k);
    const r0 = quotient(c0, k), r1 = quotient(c1, k), r2 = quotient(c2, k), r3 = quotient(c3, k);
    // Not (c p) / q: for the smallest numbers, c p is denormal.
    v128.store(at, f32x4.mul(c0, r0));
    v128.store(at, f32x4.mul(c1, r1), 16);
    v128.store(at, f32x4.mul(c2, r2), 32);
    v128.store(at, f32x4.mul(c3, r3), 48);
  }
}
