import { multiplyAdd } from "../simd/multiply_add.part.as";
import { nextCosine, nextSine } from "../simd/turns.part.as";
import { LANE_BYTES, LANES, Net, PLANE_GAP_BYTES, TANH_BYTES } from "./net.layout.part.as";
import { multiply, multiplyPair, pack } from "./simd_planes.part.as";
import { firstLayer, ONE_AT, tanhInPlace, writeTanhConstants } from "./simd_tanh.part.as";

/**
 * A ConditionalMLP over eight rows at a time: value and trace; VJP: simd_pull_back.part.as.ts. Contract:
 * contract.ts; notation: portable.ts; planes: simd_planes.part.as.ts.
 *
 * The trace is contracted in the middle: with q = s3 (W3 e), T1 = s1 (e W0),
 *   v2 = T1 W1,  u = q W2^T,  e.(J e) = sum over the width of s2 v2 u
 * which costs as much as carrying e through all layers and leaves what the VJP needs.
 *
 * Multiply-adds per row, in units of hidden^2, for K directions: 2 + 2 K forward; in the VJP
 * 2 + 2 K for the cotangents, 2 + 2 K for the outer products, and the forward ones again if the
 * activations were not kept.
 */

/** sin and cos in float64, and x^y, are imported: the same bits as the portable form. */
@external("math", "sin")
declare function sin(x: f64): f64;
@external("math", "cos")
declare function cos(x: f64): f64;

/** Size of a plane of the hidden layers in bytes. */
// @ts-ignore: decorator
@inline
export function featureBytes(net: Net): usize {
  return <usize>net.hidden * LANE_BYTES;
}

/** Stride of the planes of the hidden layers in bytes. */
// @ts-ignore: decorator
@inline
export function planeBytes(net: Net): usize {
  return featureBytes(net) + PLANE_GAP_BYTES;
}

/** Planes of the activations: h1, h2, h3, and with a trace v2 and u of each direction. */
export function activationPlanes(net: Net, traced: bool): i32 {
  return traced ? 3 + 2 * net.directions : 3;
}

/** Length of the flat parameter vector. */
export function parameterCount(net: Net): i32 {
  return (net.dims + 1) * net.hidden + 2 * (net.hidden + 1) * net.hidden +
    (net.hidden + 1) * net.dims;
}

/** Bytes that {@link prepare} fills besides the parameters; as counted in simd_sizes.ts. */
export function preparedBytes(dims: i32, hidden: i32, directions: i32): u64 {
  const matrices = 2 * (2 * <u64>dims + 2 * <u64>hidden) * <u64>hidden * 4;
  const planes = 2 * <u64>directions * (<u64>hidden * LANE_BYTES + PLANE_GAP_BYTES);
  return matrices + planes + <u64>max(dims, hidden) * 4 + <u64>TANH_BYTES + 64;
}

/** Initialises `net` from flat parameters in device order, writing their packed forms to `at`. */
export function prepare(net: Net, parameters: usize, at: usize): void {
  const dims = net.dims, hidden = net.hidden;
  const inputBytes = <usize>hidden * 4, outputBytes = <usize>dims * 4;
  const w0 = parameters;
  net.b0 = w0 + <usize>dims * inputBytes;
  const w1 = net.b0 + inputBytes;
  net.b1 = w1 + <usize>hidden * inputBytes;
  const w2 = net.b1 + inputBytes;
  net.b2 = w2 + <usize>hidden * inputBytes;
  const w3 = net.b2 + inputBytes;
  net.b3 = w3 + <usize>hidden * outputBytes;

  at = (at + 15) & ~15;
  net.tanhConstants = at;
  writeTanhConstants(at);
  at += TANH_BYTES;
  net.unitDirections = at;
  if (!net.probed) {
    for (let d = 0; d < net.directions; d++) {
      spread(w0 + <usize>d * inputBytes, hidden, 4, at);
      at += planeBytes(net);
    }
    for (let d = 0; d < net.directions; d++) {
      spread(w3 + <usize>d * 4, hidden, outputBytes, at);
      at += planeBytes(net);
    }
  }
  net.zeros = at;
  at += <usize>max(dims, hidden) * 4;
  memory.fill(net.zeros, 0, at - net.zeros);
  net.w0 = at;
  net.w1 = at = pack(w0, dims, hidden, inputBytes, 4, at);
  net.w2 = at = pack(w1, hidden, hidden, inputBytes, 4, at);
  net.w3 = at = pack(w2, hidden, hidden, inputBytes, 4, at);
  net.w0t = at = pack(w3, hidden, dims, outputBytes, 4, at);
  net.w1t = at = pack(w0, hidden, dims, 4, inputBytes, at);
  net.w2t = at = pack(w1, hidden, hidden, 4, inputBytes, at);
  net.w3t = at = pack(w2, hidden, hidden, 4, inputBytes, at);
  pack(w3, dims, hidden, 4, outputBytes, at);
}

/** Fills a plane with identical rows. */
function spread(values: usize, count: i32, stride: usize, plane: usize): void {
  for (let i = 0; i < count; i++) {
    const value = v128.load32_splat(values);
    v128.store(plane, value, 16);
    v128.store(plane, value);
    values += stride;
    plane += LANE_BYTES;
  }
}

/** Writes the planes e W0 and W3 e for a tile's probes, a plane [dims], to `out`. */
export function probeDirections(net: Net, probes: usize, out: usize): void {
  const dims = net.dims;
  multiply(net.wide, net.w0, dims, net.hidden, probes, net.zeros, out);
  multiply(net.wide, net.w3t, dims, net.hidden, probes, net.zeros, out + planeBytes(net));
}

/**
 * b0 + e(t) and b0 + e(u), [hidden] each: the biases of the first layer at times t and u. The embedding uses
 * the angle addition theorem in float64, as in time_embedding.ts: chains so long that two take as long as one.
 */
export function timeBiases(net: Net, t: f64, out: usize, u: f64, outU: usize): void {
  const half = <usize>(net.hidden >> 1) * 4;
  const angle = Math.PI * t, angleU = Math.PI * u;
  const sinT = sin(angle), cosT = cos(angle);
  const sin1 = f64x2.replace_lane(f64x2.splat(sinT), 1, u == t ? sinT : sin(angleU));
  const cos1 = f64x2.replace_lane(f64x2.splat(cosT), 1, u == t ? cosT : cos(angleU));
  // Of k pi t and k pi u.
  let sine = sin1, cosine = cos1, bias = net.b0;
  const end = bias + half;
  for (; bias + 12 < end; bias += 16, out += 16, outU += 16) {
    const s0 = sine, c0 = cosine;
    const s1 = nextSine(s0, c0, sin1, cos1), c1 = nextCosine(s0, c0, sin1, cos1);
    const s2 = nextSine(s1, c1, sin1, cos1), c2 = nextCosine(s1, c1, sin1, cos1);
    const s3 = nextSine(s2, c2, sin1, cos1), c3 = nextCosine(s2, c2, sin1, cos1);
    sine = nextSine(s3, c3, sin1, cos1);
    cosine = nextCosine(s3, c3, sin1, cos1);
    storeFour(bias, s0, s1, s2, s3, out, outU);
    storeFour(bias + half, c0, c1, c2, c3, out + half, outU + half);
  }
  for (; bias < end; bias += 4, out += 4, outU += 4) {
    storeOne(bias, sine, out, outU);
    storeOne(bias + half, cosine, out + half, outU + half);
    const next = nextSine(sine, cosine, sin1, cos1);
    cosine = nextCosine(sine, cosine, sin1, cos1);
    sine = next;
  }
}

/** Adds four numbers of both times to four biases. */
// @ts-ignore: decorator
@inline
function storeFour(bias: usize, a: v128, b: v128, c: v128, d: v128, out: usize, outU: usize): void {
  const ab = v128.shuffle<f32>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(f32x4.demote_f64x2_zero(c), f32x4.demote_f64x2_zero(d), 0, 4, 1, 5);
  const biases = v128.load(bias);
  v128.store(out, f32x4.add(biases, v128.shuffle<f64>(ab, cd, 0, 2)));
  v128.store(outU, f32x4.add(biases, v128.shuffle<f64>(ab, cd, 1, 3)));
}

// @ts-ignore: decorator
@inline
function storeOne(bias: usize, a: v128, out: usize, outU: usize): void {
  store<f32>(out, load<f32>(bias) + <f32>f64x2.extract_lane(a, 0));
  store<f32>(outU, load<f32>(bias) + <f32>f64x2.extract_lane(a, 1));
}

/*
 * Passes over planes load all operands of an iteration before they store: V8 pairs two vectors to
 * 256 bits only if no store is between their loads.
 */

/** 1, loaded: V8 rematerialises constants in the code. */
// @ts-ignore: decorator
@inline
export function oneOf(net: Net): v128 {
  return v128.load32_splat(net.tanhConstants, ONE_AT);
}

/** 1 - h^2. */
// @ts-ignore: decorator
@inline
export function slope(one: v128, h: v128): v128 {
  return f32x4.sub(one, f32x4.mul(h, h));
}

/** out = (1 - h^2) w over a plane. */
export function timesSlope(net: Net, h: usize, w: usize, out: usize): void {
  const one = oneOf(net), end = h + featureBytes(net);
  for (; h < end; h += 64, w += 64, out += 64) {
    const s0 = slope(one, v128.load(h)), s1 = slope(one, v128.load(h, 16));
    const s2 = slope(one, v128.load(h, 32)), s3 = slope(one, v128.load(h, 48));
    const p0 = f32x4.mul(s0, v128.load(w)), p1 = f32x4.mul(s1, v128.load(w, 16));
    const p2 = f32x4.mul(s2, v128.load(w, 32)), p3 = f32x4.mul(s3, v128.load(w, 48));
    v128.store(out, p1, 16);
    v128.store(out, p0);
    v128.store(out, p3, 48);
    v128.store(out, p2, 32);
  }
}

/** sum += (1 - h^2) w over a plane. */
export function addTimesSlope(net: Net, h: usize, w: usize, sum: usize): void {
  const one = oneOf(net), end = h + featureBytes(net);
  for (; h < end; h += 32, w += 32, sum += 32) {
    const s0 = slope(one, v128.load(h)), s1 = slope(one, v128.load(h, 16));
    const p0 = f32x4.mul(s0, v128.load(w)), p1 = f32x4.mul(s1, v128.load(w, 16));
    const sum0 = f32x4.add(v128.load(sum), p0), sum1 = f32x4.add(v128.load(sum, 16), p1);
    v128.store(sum, sum1, 16);
    v128.store(sum, sum0);
  }
}

/** out = a b over a plane. */
export function timesPlane(net: Net, a: usize, b: usize, out: usize): void {
  const end = a + featureBytes(net);
  for (; a < end; a += 32, b += 32, out += 32) {
    const p0 = f32x4.mul(v128.load(a), v128.load(b));
    const p1 = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    v128.store(out, p1, 16);
    v128.store(out, p0);
  }
}

/** sum += a b over a plane. */
export function addTimesPlane(net: Net, a: usize, b: usize, sum: usize): void {
  const end = a + featureBytes(net);
  for (; a < end; a += 32, b += 32, sum += 32) {
    const p0 = f32x4.mul(v128.load(a), v128.load(b));
    const p1 = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    const sum0 = f32x4.add(v128.load(sum), p0), sum1 = f32x4.add(v128.load(sum, 16), p1);
    v128.store(sum, sum1, 16);
    v128.store(sum, sum0);
  }
}

/** Writes h1, h2, h3 of a tile to the first three planes of `act`. */
function activate(net: Net, bias: usize, x: usize, act: usize): void {
  firstLayer(net, bias, x, act);
  activateFromFirst(net, 1, 0, act);
}

/**
 * {@link multiply} for one or two tiles, whose planes are `stride` bytes apart.
 *
 * @param outStride Bytes between the planes of the results.
 */
export function multiplyTiles(
  net: Net,
  tiles: i32,
  w: usize,
  inputs: i32,
  outputs: i32,
  x: usize,
  stride: usize,
  bias: usize,
  out: usize,
  outStride: usize,
): void {
  if (tiles == 2) {
    multiplyPair(net.wide, w, inputs, outputs, x, x + stride, bias, out, out + outStride);
  } else multiply(net.wide, w, inputs, outputs, x, bias, out);
}

/**
 * Writes h1, h2, h3 of one or two tiles to three planes each, the first of which holds the values
 * before tanh.
 *
 * @param stride Bytes between the planes of the tiles.
 */
export function activateFromInput(net: Net, tiles: i32, stride: usize, act: usize): void {
  tanhOfTiles(net, tiles, stride, act);
  activateFromFirst(net, tiles, stride, act);
}

/** Writes h2 and h3 behind the h1 of one or two tiles. */
function activateFromFirst(net: Net, tiles: i32, stride: usize, act: usize): void {
  const hidden = net.hidden, plane = planeBytes(net);
  const h2 = act + plane, h3 = h2 + plane;
  multiplyTiles(net, tiles, net.w1, hidden, hidden, act, stride, net.b1, h2, stride);
  tanhOfTiles(net, tiles, stride, h2);
  multiplyTiles(net, tiles, net.w2, hidden, hidden, h2, stride, net.b2, h3, stride);
  tanhOfTiles(net, tiles, stride, h3);
}

function tanhOfTiles(net: Net, tiles: i32, stride: usize, at: usize): void {
  const numbers = net.hidden * LANES;
  tanhInPlace(at, numbers, net.tanhConstants);
  if (tiles == 2) tanhInPlace(at + stride, numbers, net.tanhConstants);
}

/**
 * Writes v2 and u of each direction after the first three planes of `act`; `spare` is two planes.
 */
function carryDirections(net: Net, act: usize, directions: usize, spare: usize): void {
  const plane = planeBytes(net), count = <usize>net.directions;
  const v2 = act + 3 * plane;
  carry(net, net.w1, act, directions, spare, v2);
  carry(net, net.w2t, act + 2 * plane, directions + count * plane, spare, v2 + count * plane);
}

/** out = ((1 - h^2) d) W for the planes d of all directions, two at a time. */
export function carry(net: Net, w: usize, h: usize, d: usize, spare: usize, out: usize): void {
  const hidden = net.hidden, plane = planeBytes(net);
  for (let left = net.directions; left > 0; left -= 2) {
    timesSlope(net, h, d, spare);
    if (left == 1) {
      multiply(net.wide, w, hidden, hidden, spare, net.zeros, out);
      return;
    }
    timesSlope(net, h, d + plane, spare + plane);
    multiplyPair(net.wide, w, hidden, hidden, spare, spare + plane, net.zeros, out, out + plane);
    d += 2 * plane;
    out += 2 * plane;
  }
}

/** Recomputes the activations of a tile exactly as {@link evaluate}. */
export function recompute(
  net: Net,
  bias: usize,
  x: usize,
  act: usize,
  directions: usize,
  spare: usize,
  traced: bool,
): void {
  activate(net, bias, x, act);
  if (traced) carryDirections(net, act, directions, spare);
}

/**
 * Evaluates the field over a tile.
 *
 * @param bias From {@link timeBiases}.
 * @param x Plane [dims].
 * @param act Output: {@link activationPlanes} planes.
 * @param directions Planes e W0, then W3 e.
 * @param spare Two planes.
 * @param f Output: velocity, a plane [dims], followed if `traced` by the divergence [8].
 */
export function evaluate(
  net: Net,
  bias: usize,
  x: usize,
  act: usize,
  directions: usize,
  spare: usize,
  traced: bool,
  f: usize,
): void {
  const plane = planeBytes(net);
  activate(net, bias, x, act);
  multiply(net.wide, net.w3, net.hidden, net.dims, act + 2 * plane, net.b3, f);
  if (!traced) return;
  carryDirections(net, act, directions, spare);
  sumDirections(net, act, f + <usize>net.dims * LANE_BYTES);
}

/** Writes the divergence [8] from v2 and u of all directions. */
export function sumDirections(net: Net, act: usize, out: usize): void {
  const plane = planeBytes(net);
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  const h2 = act + plane, one = oneOf(net);
  let v2 = act + 3 * plane, u = v2 + <usize>net.directions * plane;
  for (let k = 0; k < net.directions; k++) {
    for (let i: usize = 0; i < featureBytes(net); i += LANE_BYTES) {
      const s0 = slope(one, v128.load(h2 + i)), s1 = slope(one, v128.load(h2 + i, 16));
      sum0 = multiplyAdd(f32x4.mul(s0, v128.load(v2 + i)), v128.load(u + i), sum0);
      sum1 = multiplyAdd(f32x4.mul(s1, v128.load(v2 + i, 16)), v128.load(u + i, 16), sum1);
    }
    v2 += plane;
    u += plane;
  }
  v128.store(out, sum1, 16);
  v128.store(out, sum0);
}
