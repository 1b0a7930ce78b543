import { multiplyAdd } from "../../runtime/simd/multiply_add.part.as";

/**
 * tanh of four numbers, as x P(x^2) / Q(x^2): at most 6 ulp from the truth over all of
 * float32 (seen: 4.4 with relaxed SIMD, 5.4 without); NaN stays NaN.
 *
 * Source of the coefficients: Eigen, MathFunctionsImpl.h, ptanh_float.
 */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const limit = f32x4.splat(7.99881172180175781);
  // pmin(a, b) is b < a ? b : a: a NaN as the first operand stays.
  const c = f32x4.pmax(f32x4.pmin(x, limit), f32x4.neg(limit));
  const s = f32x4.mul(c, c);
  let p = multiplyAdd(s, f32x4.splat(-2.76076847742355e-16), f32x4.splat(2.00018790482477e-13));
  p = multiplyAdd(s, p, f32x4.splat(-8.60467152213735e-11));
  p = multiplyAdd(s, p, f32x4.splat(5.12229709037114e-08));
  p = multiplyAdd(s, p, f32x4.splat(1.48572235717979e-05));
  p = multiplyAdd(s, p, f32x4.splat(6.37261928875436e-04));
  p = multiplyAdd(s, p, f32x4.splat(4.89352455891786e-03));
  let q = multiplyAdd(s, f32x4.splat(1.19825839466702e-06), f32x4.splat(1.18534705686654e-04));
  q = multiplyAdd(s, q, f32x4.splat(2.26843463243900e-03));
  q = multiplyAdd(s, q, f32x4.splat(4.89352518554385e-03));
  // Not (c p) / q: for the smallest numbers c p is denormal.
  return f32x4.mul(c, f32x4.div(p, q));
}

/** tanh of `count` numbers in place, a multiple of four. */
export function tanhInPlace(at: usize, count: i32): void {
  const end = at + <usize>count * 4;
  for (; at < end; at += 16) v128.store(at, tanh(v128.load(at)));
}
