import { multiplyAdd, multiplySubtract } from "./multiply_add.part.as";

/**
 * The exponential of four numbers: infinity from 88.73, subnormal below -87.3, zero below -104, NaN
 * for NaN.
 *
 * Largest error, measured at every float32 against float64: 1.0104 ulp at -5.877884 with relaxed
 * SIMD, 0.9904 ulp at 70.4031 without; 0.7504 ulp (1.06e-45) for subnormal results.
 *
 * exp(x) = 2^n exp(r) with r = x - n log 2, |r| <= log(2) / 2. Polynomial and two-part log 2 from
 * Moshier's Cephes, expf.
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


/** Writes the constants of {@link sigmoid}: V8 rematerialises vector constants, so load them. */
export function storeSigmoidConstants(at: usize): void {
  store<f32>(at, -87);
  store<f32>(at, 87, 4);
  store<f32>(at, -1.44269504088896341, 8);
  store<f32>(at, 12582912, 12);
  store<f32>(at, 0.693359375, 16);
  store<f32>(at, -2.12194440e-4, 20);
  store<f32>(at, 1.9875691500e-4, 24);
  store<f32>(at, 1.3981999507e-3, 28);
  store<f32>(at, 8.3334519073e-3, 32);
  store<f32>(at, 4.1665795894e-2, 36);
  store<f32>(at, 1.6666665459e-1, 40);
  store<f32>(at, 5.0000001201e-1, 44);
  store<f32>(at, 1, 48);
}

/**
 * 1 / (1 + exp(-x)), with the polynomial of {@link exp}; 1.6e-38 below -87, NaN for NaN.
 *
 * Largest error, measured at every float32 against float64, equal with and without relaxed SIMD:
 * 3.190 ulp at -16.63969; 1.499 ulp at 7.85921 for positive x (nowhere more than 9.0e-8); 1.65e-38
 * below -87, where float32 runs out of exponents.
 *
 * @param constants Written by {@link storeSigmoidConstants}.
 */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128, constants: usize): v128 {
  x = f32x4.pmin(
    f32x4.pmax(x, v128.load32_splat(constants)),
    v128.load32_splat(constants, 4),
  );
  const magic = v128.load32_splat(constants, 12);
  const shifted = multiplyAdd(x, v128.load32_splat(constants, 8), magic);
  const n = f32x4.sub(shifted, magic);
  // exp(-x) = 2^n exp(-r), r = x + n log 2.
  let r = multiplyAdd(n, v128.load32_splat(constants, 16), x);
  r = multiplyAdd(n, v128.load32_splat(constants, 20), r);
  let p = multiplySubtract(
    r,
    v128.load32_splat(constants, 24),
    v128.load32_splat(constants, 28),
  );
  p = multiplySubtract(r, p, v128.load32_splat(constants, 32));
  p = multiplySubtract(r, p, v128.load32_splat(constants, 36));
  p = multiplySubtract(r, p, v128.load32_splat(constants, 40));
  p = multiplySubtract(r, p, v128.load32_splat(constants, 44));
  const one = v128.load32_splat(constants, 48);
  p = multiplyAdd(p, f32x4.mul(r, r), f32x4.sub(one, r));
  // The low bits of `shifted` are n; the bits of the magic number shift out.
  const e = i32x4.add(p, i32x4.shl(shifted, 23));
  return f32x4.div(one, f32x4.add(one, e));
}
