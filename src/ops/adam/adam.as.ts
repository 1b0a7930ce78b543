// Adam over flat vectors. Each operation is rounded as in the portable form
// (src/ops/adam/adam_step.ts) and none is fused, so that the bits are the same.

/** Bytes whose squares are summed in float32 before they join the float64 total: as in sumLast. */
const CHUNK: usize = 64 * 16;

/** out = the sum of squares of x [count]. */
export function sumOfSquares(count: i32, x: usize, out: usize): void {
  const end = x + <usize>count * 4, vectorsEnd = x + <usize>(count & ~3) * 4;
  let total: f64 = 0;
  while (x < vectorsEnd) {
    const chunkEnd = min(x + CHUNK, vectorsEnd);
    let sum = f32x4.splat(0);
    for (; x < chunkEnd; x += 16) {
      const value = v128.load(x);
      sum = f32x4.add(sum, f32x4.mul(value, value));
    }
    total += <f64>f32x4.extract_lane(sum, 0) + <f64>f32x4.extract_lane(sum, 1) +
      <f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3);
  }
  for (; x < end; x += 4) {
    const value = load<f32>(x);
    total += <f64>(value * value);
  }
  store<f32>(out, <f32>total);
}

/** x * a + y * b. */
// @ts-ignore: decorator
@inline
function blend(x: v128, a: v128, y: v128, b: v128): v128 {
  return f32x4.add(f32x4.mul(x, a), f32x4.mul(y, b));
}

/** Updated weights: w - rate * m / (scale * sqrt(v) + epsilon). */
// @ts-ignore: decorator
@inline
function stepped(w: v128, m: v128, v: v128, scale: v128, epsilon: v128, rate: v128): v128 {
  const spread = f32x4.add(f32x4.mul(f32x4.sqrt(v), scale), epsilon);
  return f32x4.sub(w, f32x4.mul(f32x4.div(m, spread), rate));
}

/**
 * One step of Adam and of the weights' moving average for `count` numbers of each vector
 * (formulas: src/ops/adam/adam_step.ts).
 *
 * @param squares Address of the sum of squares of the whole gradient.
 * @param maxNorm 0 disables clipping.
 * @param average 0 if there is none; then there is no updated one either.
 * @param firstDecay, secondDecay, small, clipSmall Adam's constants, passed as arguments because
 *   V8 rematerialises vector constants at each use.
 */
export function adam(
  count: i32,
  weights: usize,
  gradient: usize,
  firstMoment: usize,
  secondMoment: usize,
  average: usize,
  nextWeights: usize,
  nextFirst: usize,
  nextSecond: usize,
  nextAverage: usize,
  squares: usize,
  maxNorm: f32,
  weightDecay: f32,
  secondScale: f32,
  rate: f32,
  averageDecay: f64,
  firstDecay: f64,
  secondDecay: f64,
  small: f32,
  clipSmall: f32,
): void {
  const norm: f32 = maxNorm > 0 ? sqrt(load<f32>(squares)) : 0;
  const factor = f32x4.splat(maxNorm > 0 ? min<f32>(maxNorm / (norm + clipSmall), 1) : 1);
  const decay = f32x4.splat(weightDecay);
  const beta1 = f32x4.splat(<f32>firstDecay), new1 = f32x4.splat(<f32>(1 - firstDecay));
  const beta2 = f32x4.splat(<f32>secondDecay), new2 = f32x4.splat(<f32>(1 - secondDecay));
  const scale = f32x4.splat(secondScale), epsilon = f32x4.splat(small), lr = f32x4.splat(rate);
  const kept = f32x4.splat(<f32>averageDecay), taken = f32x4.splat(<f32>(1 - averageDecay));
  const end = <usize>count * 4, vectorsEnd = <usize>(count & ~7) * 4;
  let at: usize = 0;
  // Two adjacent vectors, which V8 packs into one of 256 bits: half the time.
  for (; at < vectorsEnd; at += 32) {
    let wa = v128.load(weights + at), wb = v128.load(weights + at, 16);
    const ga = blend(v128.load(gradient + at), factor, wa, decay);
    const gb = blend(v128.load(gradient + at, 16), factor, wb, decay);
    const ma = blend(v128.load(firstMoment + at), beta1, ga, new1);
    const mb = blend(v128.load(firstMoment + at, 16), beta1, gb, new1);
    const va = blend(v128.load(secondMoment + at), beta2, f32x4.mul(ga, ga), new2);
    const vb = blend(v128.load(secondMoment + at, 16), beta2, f32x4.mul(gb, gb), new2);
    wa = stepped(wa, ma, va, scale, epsilon, lr);
    wb = stepped(wb, mb, vb, scale, epsilon, lr);
    v128.store(nextWeights + at, wb, 16);
    v128.store(nextWeights + at, wa);
    v128.store(nextFirst + at, mb, 16);
    v128.store(nextFirst + at, ma);
    v128.store(nextSecond + at, vb, 16);
    v128.store(nextSecond + at, va);
    if (average) {
      const aa = blend(v128.load(average + at), kept, wa, taken);
      const ab = blend(v128.load(average + at, 16), kept, wb, taken);
      v128.store(nextAverage + at, ab, 16);
      v128.store(nextAverage + at, aa);
    }
  }
  for (; at < end; at += 4) {
    let w = v128.load32_zero(weights + at);
    const g = blend(v128.load32_zero(gradient + at), factor, w, decay);
    const m = blend(v128.load32_zero(firstMoment + at), beta1, g, new1);
    const v = blend(v128.load32_zero(secondMoment + at), beta2, f32x4.mul(g, g), new2);
    w = stepped(w, m, v, scale, epsilon, lr);
    v128.store32_lane(nextWeights + at, w, 0);
    v128.store32_lane(nextFirst + at, m, 0);
    v128.store32_lane(nextSecond + at, v, 0);
    if (average) {
      const next = blend(v128.load32_zero(average + at), kept, w, taken);
      v128.store32_lane(nextAverage + at, next, 0);
    }
  }
}
