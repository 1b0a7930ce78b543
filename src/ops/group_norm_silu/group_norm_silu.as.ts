import { multiplyAdd } from "../simd/multiply_add.part.as";
import { sigmoid, storeSigmoidConstants } from "../simd/exp.part.as";
import { SIGMOID_CONSTANTS } from "../simd/exp.layout.part.as";

// Contract: src/ops/group_norm_silu/name.ts. A group is four channels, one vector; images are
// [n, area, c]. The bits of an image's results do not depend on other images.
//
// Groups are processed in adjacent pairs in every load, operation and store, which V8 packs into
// 256-bit vectors; for this, sums and splats also pass through the scratch. With an odd number of
// groups, the last is processed twice in the same place.

const EPSILON: f32 = 1e-5;

/** The scratch behind the constants: four pairs of vectors, as kernels.ts counts them. */
// @ts-ignore: decorator
@inline
const FIRST: usize = SIGMOID_CONSTANTS;
// @ts-ignore: decorator
@inline
const SECOND: usize = FIRST + 32;
// @ts-ignore: decorator
@inline
const THIRD: usize = SECOND + 32;

/** Two adjacent groups, and one, as types: `offsetof` is the byte offset of the second. */
class Two {
  a: f64;
  b: f64;
}
class One {}

// @ts-ignore: decorator
@inline
function laneSum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

// @ts-ignore: decorator
@inline
function storePair(at: usize, a: v128, b: v128): void {
  v128.store(at, b, 16);
  v128.store(at, a);
}

/** Writes the sums of x over pixels, four at a time to hide the latency of the additions. */
// @ts-ignore: decorator
@inline
function sumOver<Groups>(x: usize, area: i32, bytes: usize, sums: usize): void {
  const none = f32x4.splat(0);
  let a0 = none, a1 = none, a2 = none, a3 = none, b0 = none, b1 = none, b2 = none, b3 = none;
  for (; area >= 4; area -= 4) {
    a0 = f32x4.add(a0, v128.load(x));
    b0 = f32x4.add(b0, v128.load(x, offsetof<Groups>()));
    const p1 = x + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    a1 = f32x4.add(a1, v128.load(p1));
    b1 = f32x4.add(b1, v128.load(p1, offsetof<Groups>()));
    a2 = f32x4.add(a2, v128.load(p2));
    b2 = f32x4.add(b2, v128.load(p2, offsetof<Groups>()));
    a3 = f32x4.add(a3, v128.load(p3));
    b3 = f32x4.add(b3, v128.load(p3, offsetof<Groups>()));
    x = p3 + bytes;
  }
  for (; area > 0; area--, x += bytes) {
    a0 = f32x4.add(a0, v128.load(x));
    b0 = f32x4.add(b0, v128.load(x, offsetof<Groups>()));
  }
  storePair(
    sums,
    f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)),
    f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)),
  );
}

/** Writes the sums of (x + centre)^2 over pixels. */
// @ts-ignore: decorator
@inline
function squaresOver<Groups>(
  x: usize,
  area: i32,
  bytes: usize,
  centre: usize,
  sums: usize,
): void {
  const none = f32x4.splat(0), ca = v128.load(centre), cb = v128.load(centre, 16);
  let a0 = none, a1 = none, a2 = none, a3 = none, b0 = none, b1 = none, b2 = none, b3 = none;
  for (; area >= 4; area -= 4) {
    let u = f32x4.add(v128.load(x), ca), v = f32x4.add(v128.load(x, offsetof<Groups>()), cb);
    a0 = multiplyAdd(u, u, a0);
    b0 = multiplyAdd(v, v, b0);
    const p1 = x + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    u = f32x4.add(v128.load(p1), ca), v = f32x4.add(v128.load(p1, offsetof<Groups>()), cb);
    a1 = multiplyAdd(u, u, a1);
    b1 = multiplyAdd(v, v, b1);
    u = f32x4.add(v128.load(p2), ca), v = f32x4.add(v128.load(p2, offsetof<Groups>()), cb);
    a2 = multiplyAdd(u, u, a2);
    b2 = multiplyAdd(v, v, b2);
    u = f32x4.add(v128.load(p3), ca), v = f32x4.add(v128.load(p3, offsetof<Groups>()), cb);
    a3 = multiplyAdd(u, u, a3);
    b3 = multiplyAdd(v, v, b3);
    x = p3 + bytes;
  }
  for (; area > 0; area--, x += bytes) {
    const u = f32x4.add(v128.load(x), ca), v = f32x4.add(v128.load(x, offsetof<Groups>()), cb);
    a0 = multiplyAdd(u, u, a0);
    b0 = multiplyAdd(v, v, b0);
  }
  storePair(
    sums,
    f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)),
    f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)),
  );
}

/**
 * y = silu(scale * (x + shift - mean) * inverseStd + offset).
 *
 * Largest error of silu(z) = z sigmoid(z), measured at every float32 z against float64, equal with
 * and without relaxed SIMD: 3.568 ulp at -16.68416; 2.466 ulp at 0.4110623 for positive z;
 * 1.65e-38 |z| below -87.
 *
 * @param shift [n, c], or 0.
 * @param mean, inverseStd [n, c / 4], outputs.
 * @param scratch 48 numbers.
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
  scratch: usize,
): void {
  storeSigmoidConstants(scratch);
  const bytes = <usize>c * 4, image = <usize>area * bytes, pairs = bytes & ~31;
  for (let i = 0; i < n; i++, x += image, y += image) {
    for (let at: usize = 0; at < pairs; at += 32) {
      const moved = shift ? shift + at : 0, group = at >> 2;
      normalise<Two>(
        area,
        bytes,
        x + at,
        scale + at,
        offset + at,
        moved,
        y + at,
        mean + group,
        inverseStd + group,
        scratch,
      );
    }
    if (pairs < bytes) {
      const moved = shift ? shift + pairs : 0, group = pairs >> 2;
      normalise<One>(
        area,
        bytes,
        x + pairs,
        scale + pairs,
        offset + pairs,
        moved,
        y + pairs,
        mean + group,
        inverseStd + group,
        scratch,
      );
    }
    if (shift) shift += bytes;
    mean += bytes >> 2;
    inverseStd += bytes >> 2;
  }
}

/** {@link groupNormSilu} for one image's groups at these addresses; `bytes` per pixel. */
function normalise<Groups>(
  area: i32,
  bytes: usize,
  x: usize,
  scale: usize,
  offset: usize,
  shift: usize,
  y: usize,
  mean: usize,
  inverseStd: usize,
  scratch: usize,
): void {
  const sums = scratch + FIRST, centre = scratch + SECOND, share = <f32>(0.25 / <f64>area);
  const next = offsetof<Groups>() >> 2;
  sumOver<Groups>(x, area, bytes, sums);
  for (let at: usize = 0; at <= next; at += 4) {
    const moved = shift ? v128.load(shift + 4 * at) : f32x4.splat(0);
    const sum = multiplyAdd(moved, f32x4.splat(<f32>area), v128.load(sums + 4 * at));
    const average = laneSum(sum) * share;
    store<f32>(mean + at, average);
    v128.store(centre + 4 * at, f32x4.sub(moved, f32x4.splat(average)));
  }
  if (next === 0) v128.store(centre, v128.load(centre), 16);
  squaresOver<Groups>(x, area, bytes, centre, sums);
  const factor = sums;
  for (let at: usize = 0; at <= next; at += 4) {
    const r = <f32>1 / sqrt<f32>(laneSum(v128.load(sums + 4 * at)) * share + EPSILON);
    store<f32>(inverseStd + at, r);
    v128.store(factor + 4 * at, f32x4.mul(f32x4.splat(r), v128.load(scale + 4 * at)));
  }
  if (next === 0) v128.store(factor, v128.load(factor), 16);
  const ca = v128.load(centre), cb = v128.load(centre, 16);
  const fa = v128.load(factor), fb = v128.load(factor, 16);
  const oa = v128.load(offset), ob = v128.load(offset, offsetof<Groups>());
  for (const end = x + <usize>area * bytes; x < end; x += bytes, y += bytes) {
    const za = multiplyAdd(f32x4.add(v128.load(x), ca), fa, oa);
    const zb = multiplyAdd(f32x4.add(v128.load(x, offsetof<Groups>()), cb), fb, ob);
    const ya = f32x4.mul(za, sigmoid(za, scratch)), yb = f32x4.mul(zb, sigmoid(zb, scratch));
    v128.store(y, yb, offsetof<Groups>());
    v128.store(y, ya);
  }
}

/**
 * The VJP for cotangent dy. With u = x + shift - mean, r = 1 / std and z = scale u r + offset:
 *
 *   dz = dy s (1 + z (1 - s)),  s = sigmoid(z)
 *   dx = scale r dz - r <scale dz> - u r^3 <scale dz u>
 *
 * where <.> is the mean over a group.
 *
 * @param shift [n, c], or 0.
 * @param dx [n, area, c]; dScale, dOffset [c]; dShift [n, c]: outputs.
 * @param scratch 48 numbers.
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
  scratch: usize,
): void {
  storeSigmoidConstants(scratch);
  const bytes = <usize>c * 4, image = <usize>area * bytes, pairs = bytes & ~31;
  memory.fill(dScale, 0, bytes);
  memory.fill(dOffset, 0, bytes);
  for (let i = 0; i < n; i++, x += image, dy += image, dx += image, dShift += bytes) {
    for (let at: usize = 0; at < pairs; at += 32) {
      const moved = shift ? shift + at : 0, group = at >> 2;
      pullBack<Two>(
        area,
        bytes,
        dy + at,
        x + at,
        scale + at,
        offset + at,
        moved,
        mean + group,
        inverseStd + group,
        dx + at,
        dScale + at,
        dOffset + at,
        dShift + at,
        scratch,
      );
    }
    if (pairs < bytes) {
      const moved = shift ? shift + pairs : 0, group = pairs >> 2;
      pullBack<One>(
        area,
        bytes,
        dy + pairs,
        x + pairs,
        scale + pairs,
        offset + pairs,
        moved,
        mean + group,
        inverseStd + group,
        dx + pairs,
        dScale + pairs,
        dOffset + pairs,
        dShift + pairs,
        scratch,
      );
    }
    if (shift) shift += bytes;
    mean += bytes >> 2;
    inverseStd += bytes >> 2;
  }
}

/** {@link groupNormSiluGradient} for one image's groups; accumulates into dScale and dOffset. */
function pullBack<Groups>(
  area: i32,
  bytes: usize,
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
  scratch: usize,
): void {
  const centre = scratch + FIRST, factor = scratch + SECOND, sums = scratch + THIRD;
  const next = offsetof<Groups>() >> 2, share = <f32>(0.25 / <f64>area);
  for (let at: usize = 0; at <= next; at += 4) {
    const moved = shift ? v128.load(shift + 4 * at) : f32x4.splat(0);
    const gain = v128.load(scale + 4 * at);
    v128.store(centre + 4 * at, f32x4.sub(moved, v128.load32_splat(mean + at)));
    v128.store(factor + 4 * at, f32x4.mul(v128.load32_splat(inverseStd + at), gain));
  }
  if (next === 0) {
    v128.store(centre, v128.load(centre), 16);
    v128.store(factor, v128.load(factor), 16);
  }
  const end = x + <usize>area * bytes;
  const none = f32x4.splat(0);
  let sa = none, sb = none, pa = none, pb = none;
  let ca = v128.load(centre), cb = v128.load(centre, 16);
  let fa = v128.load(factor), fb = v128.load(factor, 16);
  const oa = v128.load(offset), ob = v128.load(offset, offsetof<Groups>());
  let to = dx;
  for (let at = x; at < end; at += bytes, dy += bytes, to += bytes) {
    const one = v128.load32_splat(scratch, 48);
    const ua = f32x4.add(v128.load(at), ca);
    const ub = f32x4.add(v128.load(at, offsetof<Groups>()), cb);
    const za = multiplyAdd(ua, fa, oa), zb = multiplyAdd(ub, fb, ob);
    const la = sigmoid(za, scratch), lb = sigmoid(zb, scratch);
    const slopeA = f32x4.mul(la, multiplyAdd(za, f32x4.sub(one, la), one));
    const slopeB = f32x4.mul(lb, multiplyAdd(zb, f32x4.sub(one, lb), one));
    const da = f32x4.mul(v128.load(dy), slopeA);
    const db = f32x4.mul(v128.load(dy, offsetof<Groups>()), slopeB);
    sa = f32x4.add(sa, da);
    sb = f32x4.add(sb, db);
    pa = multiplyAdd(da, ua, pa);
    pb = multiplyAdd(db, ub, pb);
    v128.store(to, db, offsetof<Groups>());
    v128.store(to, da);
  }
  storePair(sums, sa, sb);
  storePair(sums + 32, pa, pb);
  // Coefficients of dx replace the sums.
  for (let at: usize = 0; at <= next; at += 4) {
    const r = v128.load32_splat(inverseStd + at), gain = v128.load(scale + 4 * at);
    const sum = v128.load(sums + 4 * at), product = v128.load(sums + 4 * at, 32);
    v128.store(dOffset + 4 * at, f32x4.add(v128.load(dOffset + 4 * at), sum));
    v128.store(dScale + 4 * at, multiplyAdd(product, r, v128.load(dScale + 4 * at)));
    const mean = f32x4.splat(laneSum(f32x4.mul(sum, gain)) * share);
    v128.store(sums + 4 * at, f32x4.neg(f32x4.mul(r, mean)));
    const cube = f32x4.mul(f32x4.mul(r, r), r);
    const slope = f32x4.splat(laneSum(f32x4.mul(product, gain)) * share);
    v128.store(sums + 4 * at, f32x4.neg(f32x4.mul(cube, slope)), 32);
  }
  if (next === 0) {
    v128.store(sums, v128.load(sums), 16);
    v128.store(sums, v128.load(sums, 32), 48);
  }
  const ka = v128.load(sums), kb = v128.load(sums, 16);
  const ma = v128.load(sums, 32), mb = v128.load(sums, 48);
  ca = v128.load(centre), cb = v128.load(centre, 16);
  fa = v128.load(factor), fb = v128.load(factor, 16);
  let ta = none, tb = none;
  for (; x < end; x += bytes, dx += bytes) {
    const ua = f32x4.add(v128.load(x), ca);
    const ub = f32x4.add(v128.load(x, offsetof<Groups>()), cb);
    const da = multiplyAdd(v128.load(dx), fa, multiplyAdd(ua, ma, ka));
    const db = multiplyAdd(v128.load(dx, offsetof<Groups>()), fb, multiplyAdd(ub, mb, kb));
    ta = f32x4.add(ta, da);
    tb = f32x4.add(tb, db);
    v128.store(dx, db, offsetof<Groups>());
    v128.store(dx, da);
  }
  v128.store(dShift, tb, offsetof<Groups>());
  v128.store(dShift, ta);
}
