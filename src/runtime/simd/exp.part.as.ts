import { multiplyAdd, multiplySubtract } from "./multiply_add.part.as";

/**
 * The exponential of four numbers; infinity from 88.73 on, subnormal below -87.3, zero below
 * -104, NaN of NaN.
 *
 * exp(x) = 2^n exp(r) with r = x - n log 2, |r| <= log(2) / 2. Source of the polynomial and of
 * log 2 in two parts: Moshier's Cephes, expf.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-105)), f32x4.splat(90)); // keep NaN
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
  const magic = f32x4.splat(12582912);
  const shifted = multiplyAdd(x, f32x4.splat(1.44269504088896341), magic);
  const n = f32x4.sub(shifted, magic);
  let r = multiplySubtract(n, f32x4.splat(0.693359375), x);
  r = multiplySubtract(n, f32x4.splat(-2.12194440e-4), r);
  let p = multiplyAdd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  // 2^n in two factors, since n may be 130 or -151.
  const power = i32x4.sub(shifted, magic);
  const first = i32x4.shr_s(power, 1);
  const bias = i32x4.splat(127);
  p = f32x4.mul(p, i32x4.shl(i32x4.add(first, bias), 23));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.sub(power, first), bias), 23));
}

/** 1 / (1 + exp(-x)). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}
