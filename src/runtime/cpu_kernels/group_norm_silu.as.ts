import { multiplyAdd } from "../simd/multiply_add.part.as";
import { sigmoid, storeSigmoidConstants } from "../simd/exp.part.as";

// Contract: src/runtime/group_norm_silu.ts. A group is four channels, a vector; images are
// [n, area, c]. An image's results have the same bits whatever the others are.

const EPSILON: f32 = 1e-5;

// @ts-ignore: decorator
@inline
function laneSum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The sum of x over pixels; four sums at a time, or each waits for the one before. */
function sumOver(x: usize, area: i32, bytes: usize): v128 {
  const none = f32x4.splat(0);
  let s0 = none, s1 = none, s2 = none, s3 = none;
  for (; area >= 4; area -= 4) {
    s0 = f32x4.add(s0, v128.load(x));
    const p1 = x + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    s1 = f32x4.add(s1, v128.load(p1));
    s2 = f32x4.add(s2, v128.load(p2));
    s3 = f32x4.add(s3, v128.load(p3));
    x = p3 + bytes;
  }
  for (; area > 0; area--, x += bytes) s0 = f32x4.add(s0, v128.load(x));
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/** The sum of (x + centre)^2 over pixels. */
function squaresOver(x: usize, area: i32, bytes: usize, centre: v128): v128 {
  const none = f32x4.splat(0);
  let s0 = none, s1 = none, s2 = none, s3 = none;
  for (; area >= 4; area -= 4) {
    const u0 = f32x4.add(v128.load(x), centre);
    s0 = multiplyAdd(u0, u0, s0);
    const p1 = x + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    const u1 = f32x4.add(v128.load(p1), centre);
    s1 = multiplyAdd(u1, u1, s1);
    const u2 = f32x4.add(v128.load(p2), centre);
    s2 = multiplyAdd(u2, u2, s2);
    const u3 = f32x4.add(v128.load(p3), centre);
    s3 = multiplyAdd(u3, u3, s3);
    x = p3 + bytes;
  }
  for (; area > 0; area--, x += bytes) {
    const u = f32x4.add(v128.load(x), centre);
    s0 = multiplyAdd(u, u, s0);
  }
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/**
 * y = silu(scale * (x + shift - mean) * inverseStd + offset).
 *
 * @param shift [n, c], or 0.
 * @param mean, inverseStd [n, c / 4], written.
 * @param constants 16 numbers of scratch.
 */
export function groupNormSilu(
  n: i32,
  area: i32,
  c: i32,
  x: usize,
  scale: usize,
  offset: usize,
  shift: usize,
  y: usize,
  mean: usize,
  inverseStd: usize,
  constants: usize,
): void {
  storeSigmoidConstants(constants);
  const bytes = <usize>c * 4, image = <usize>area * bytes;
  const share = <f32>(0.25 / <f64>area);
  for (let i = 0; i < n; i++, x += image, y += image) {
    for (let channel: usize = 0; channel < bytes; channel += 16, mean += 4, inverseStd += 4) {
      const first = x + channel, end = first + image;
      const moved = shift ? v128.load(shift + channel) : f32x4.splat(0);
      const sum = sumOver(first, area, bytes);
      const average = laneSum(multiplyAdd(moved, f32x4.splat(<f32>area), sum)) * share;
      const centre = f32x4.sub(moved, f32x4.splat(average));
      const squares = squaresOver(first, area, bytes, centre);
      const r = <f32>1 / sqrt<f32>(laneSum(squares) * share + EPSILON);
      store<f32>(mean, average);
      store<f32>(inverseStd, r);
      const factor = f32x4.mul(f32x4.splat(r), v128.load(scale + channel));
      const added = v128.load(offset + channel);
      let to = y + channel;
      for (let at = first; at < end; at += bytes, to += bytes) {
        const z = multiplyAdd(f32x4.add(v128.load(at), centre), factor, added);
        v128.store(to, f32x4.mul(z, sigmoid(z, constants)));
      }
    }
    if (shift) shift += bytes;
  }
}

/**
 * The pull-back of dy. With u = x + shift - mean, r = 1 / std and z = scale u r + offset:
 *
 *   dz = dy s (1 + z (1 - s)),  s = sigmoid(z)
 *   dx = scale r dz - r <scale dz> - u r^3 <scale dz u>
 *
 * where <.> is the mean over a group.
 *
 * @param shift [n, c], or 0.
 * @param dx [n, area, c]; dScale, dOffset [c]; dShift [n, c]: written.
 * @param constants 16 numbers of scratch.
 */
export function groupNormSiluGradient(
  n: i32,
  area: i32,
  c: i32,
  dy: usize,
  x: usize,
  scale: usize,
  offset: usize,
  shift: usize,
  mean: usize,
  inverseStd: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  dShift: usize,
  constants: usize,
): void {
  storeSigmoidConstants(constants);
  const bytes = <usize>c * 4, image = <usize>area * bytes;
  const share = <f32>(0.25 / <f64>area);
  const one = f32x4.splat(1);
  memory.fill(dScale, 0, bytes);
  memory.fill(dOffset, 0, bytes);
  for (let i = 0; i < n; i++, x += image, dy += image, dx += image, dShift += bytes) {
    for (let channel: usize = 0; channel < bytes; channel += 16, mean += 4, inverseStd += 4) {
      const first = x + channel, end = first + image;
      const moved = shift ? v128.load(shift + channel) : f32x4.splat(0);
      const centre = f32x4.sub(moved, v128.load32_splat(mean));
      const r = v128.load32_splat(inverseStd), gain = v128.load(scale + channel);
      const factor = f32x4.mul(r, gain), added = v128.load(offset + channel);
      let sums = f32x4.splat(0), products = f32x4.splat(0);
      let from = dy + channel, to = dx + channel;
      for (let at = first; at < end; at += bytes, from += bytes, to += bytes) {
        const u = f32x4.add(v128.load(at), centre);
        const z = multiplyAdd(u, factor, added);
        const s = sigmoid(z, constants);
        const slope = f32x4.mul(s, multiplyAdd(z, f32x4.sub(one, s), one));
        const dz = f32x4.mul(v128.load(from), slope);
        sums = f32x4.add(sums, dz);
        products = multiplyAdd(dz, u, products);
        v128.store(to, dz);
      }
      v128.store(dOffset + channel, f32x4.add(v128.load(dOffset + channel), sums));
      v128.store(
        dScale + channel,
        multiplyAdd(products, r, v128.load(dScale + channel)),
      );
      const constant = f32x4.neg(
        f32x4.mul(r, f32x4.splat(laneSum(f32x4.mul(sums, gain)) * share)),
      );
      const cube = f32x4.mul(f32x4.mul(r, r), r);
      const slopeOfU = f32x4.neg(
        f32x4.mul(cube, f32x4.splat(laneSum(f32x4.mul(products, gain)) * share)),
      );
      let total = f32x4.splat(0);
      to = dx + channel;
      for (let at = first; at < end; at += bytes, to += bytes) {
        const u = f32x4.add(v128.load(at), centre);
        const value = multiplyAdd(
          v128.load(to),
          factor,
          multiplyAdd(u, slopeOfU, constant),
        );
        total = f32x4.add(total, value);
        v128.store(to, value);
      }
      v128.store(dShift + channel, total);
    }
    if (shift) shift += bytes;
  }
}
