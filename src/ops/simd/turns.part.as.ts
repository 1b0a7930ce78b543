// Sine and cosine of the sum of two angles, float64 [2], from those of each.

// @ts-ignore: decorator
@inline
export function nextSine(sine: v128, cosine: v128, sin1: v128, cos1: v128): v128 {
  return f64x2.add(f64x2.mul(sine, cos1), f64x2.mul(cosine, sin1));
}

// @ts-ignore: decorator
@inline
export function nextCosine(sine: v128, cosine: v128, sin1: v128, cos1: v128): v128 {
  return f64x2.sub(f64x2.mul(cosine, cos1), f64x2.mul(sine, sin1));
}
