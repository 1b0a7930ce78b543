import { multiplyAdd } from "../simd/multiply_add.part.as";
import {
  LANE_BYTES,
  LANES,
  Net,
  PAIR_BYTES,
  PLANE_GAP_BYTES,
  TANH_BYTES,
} from "./net.layout.part.as";
import { addProducts } from "./simd_panels.part.as";
import { multiply, multiplyPair, pack, sumOfLanes } from "./simd_planes.part.as";
import { MINUS_TWO_AT, ONE_AT, tanhInPlace, writeTanhConstants } from "./simd_tanh.part.as";

/**
 * A ConditionalMLP over eight rows at a time: value, trace, and the VJP of both. Contract:
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
    v128.store(plane, value);
    v128.store(plane, value, 16);
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
 * b0 + e(t), [hidden]: the bias of the first layer at time t. The embedding uses the angle addition
 * theorem in float64, as in time_embedding.ts.
 */
export function timeBias(net: Net, t: f64, out: usize): void {
  const half = net.hidden >> 1;
  const far = <usize>half * 4;
  let bias = net.b0;
  const sin1 = sin(Math.PI * t), cos1 = cos(Math.PI * t);
  let sine = sin1, cosine = cos1;
  for (let k = 0; k < half; k++) {
    store<f32>(out, load<f32>(bias) + <f32>sine);
    store<f32>(out + far, load<f32>(bias + far) + <f32>cosine);
    const next = sine * cos1 + cosine * sin1;
    cosine = cosine * cos1 - sine * sin1;
    sine = next;
    out += 4;
    bias += 4;
  }
}

/*
 * Passes over planes load all operands of an iteration before they store: V8 pairs two vectors to
 * 256 bits only if no store is between their loads.
 */

/** 1, loaded: V8 rematerialises constants in the code. */
// @ts-ignore: decorator
@inline
function oneOf(net: Net): v128 {
  return v128.load32_splat(net.tanhConstants, ONE_AT);
}

/** 1 - h^2. */
// @ts-ignore: decorator
@inline
function slope(one: v128, h: v128): v128 {
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
    v128.store(out, p0);
    v128.store(out, p1, 16);
    v128.store(out, p2, 32);
    v128.store(out, p3, 48);
  }
}

/** sum += (1 - h^2) w over a plane. */
function addTimesSlope(net: Net, h: usize, w: usize, sum: usize): void {
  const one = oneOf(net), end = h + featureBytes(net);
  for (; h < end; h += 32, w += 32, sum += 32) {
    const s0 = slope(one, v128.load(h)), s1 = slope(one, v128.load(h, 16));
    const p0 = f32x4.mul(s0, v128.load(w)), p1 = f32x4.mul(s1, v128.load(w, 16));
    const sum0 = f32x4.add(v128.load(sum), p0), sum1 = f32x4.add(v128.load(sum, 16), p1);
    v128.store(sum, sum0);
    v128.store(sum, sum1, 16);
  }
}

/** out = a b over a plane. */
function timesPlane(net: Net, a: usize, b: usize, out: usize): void {
  const end = a + featureBytes(net);
  for (; a < end; a += 32, b += 32, out += 32) {
    const p0 = f32x4.mul(v128.load(a), v128.load(b));
    const p1 = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    v128.store(out, p0);
    v128.store(out, p1, 16);
  }
}

/** sum += a b over a plane. */
export function addTimesPlane(net: Net, a: usize, b: usize, sum: usize): void {
  const end = a + featureBytes(net);
  for (; a < end; a += 32, b += 32, sum += 32) {
    const p0 = f32x4.mul(v128.load(a), v128.load(b));
    const p1 = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    const sum0 = f32x4.add(v128.load(sum), p0), sum1 = f32x4.add(v128.load(sum, 16), p1);
    v128.store(sum, sum0);
    v128.store(sum, sum1, 16);
  }
}

/** Writes h1, h2, h3 of a tile to the first three planes of `act`. */
function activate(net: Net, bias: usize, x: usize, act: usize): void {
  multiply(net.wide, net.w0, net.dims, net.hidden, x, bias, act);
  activateFromInput(net, 1, 0, act);
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
  const hidden = net.hidden, plane = planeBytes(net);
  const h2 = act + plane, h3 = h2 + plane;
  tanhOfTiles(net, tiles, stride, act);
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
 * @param bias From {@link timeBias}.
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
  v128.store(out, sum0);
  v128.store(out, sum1, 16);
}

/**
 * Planes that the VJP of one stage of one tile leaves for the outer products: alpha2, alpha3
 * (cotangents of the values before tanh); the trace's contributions to the cotangents of h1, h2,
 * h3; then T1, B2 (cotangent of v2), C (cotangent of u), q of each direction.
 */
export function stagePlanes(net: Net): i32 {
  return 5 + 4 * net.directions;
}

/**
 * Planes of row sums that are still spread over lanes: cotangents of b0, b1, b2, of W0 and of W3
 * (dims planes each); then of b3, a plane [dims].
 */
export function lanesBytes(net: Net): u64 {
  return <u64>(3 + 2 * net.dims) * <u64>planeBytes(net) + <u64>net.dims * LANE_BYTES;
}

/** to += a * b over eight rows and the whole width; `b` has one number per row. */
export function addScaled(net: Net, a: usize, b: usize, to: usize): void {
  const b0 = v128.load(b), b1 = v128.load(b, 16);
  const end = a + featureBytes(net);
  for (; a < end; a += LANE_BYTES) {
    const sum0 = multiplyAdd(v128.load(a), b0, v128.load(to));
    const sum1 = multiplyAdd(v128.load(a, 16), b1, v128.load(to, 16));
    v128.store(to, sum0);
    v128.store(to, sum1, 16);
    to += LANE_BYTES;
  }
}

/** to += a over a plane. */
export function addPlane(a: usize, to: usize, bytes: usize): void {
  const end = a + bytes;
  for (; a < end; a += 32, to += 32) {
    const sum0 = f32x4.add(v128.load(a), v128.load(to));
    const sum1 = f32x4.add(v128.load(a, 16), v128.load(to, 16));
    v128.store(to, sum0);
    v128.store(to, sum1, 16);
  }
}

/**
 * VJP of the divergence for cotangent `c` [8]: the part of a stage that does not depend on the
 * cotangent of the velocity.
 *
 * @param probes Plane [dims], if there are probes.
 * @param stage Output: {@link stagePlanes} planes except alpha2 and alpha3.
 * @param spare Two planes.
 * @param lanes Accumulators, see {@link lanesBytes}.
 */
export function pullBackDivergence(
  net: Net,
  act: usize,
  directions: usize,
  probes: usize,
  c: usize,
  stage: usize,
  spare: usize,
  lanes: usize,
): void {
  const plane = planeBytes(net), count = <usize>net.directions;
  const h1 = act, h2 = act + plane, h3 = h2 + plane;
  const e1 = stage + 2 * plane, e2 = e1 + plane, e3 = e2 + plane;
  const ofW0 = lanes + 3 * plane, ofW3 = ofW0 + <usize>net.dims * plane;
  const c0 = v128.load(c), c1 = v128.load(c, 16), one = oneOf(net);
  for (let k: usize = 0; k < count; k++) {
    const v2 = act + (3 + k) * plane, u = v2 + count * plane;
    const v1 = directions + k * plane, w3 = v1 + count * plane;
    const t1 = stage + (5 + 4 * k) * plane;
    const b2 = t1 + plane, ofU = b2 + plane, q = ofU + plane;
    timesSlope(net, h1, v1, t1);
    timesSlope(net, h3, w3, q);
    for (let i: usize = 0; i < featureBytes(net); i += LANE_BYTES) {
      const sLow = f32x4.mul(c0, slope(one, v128.load(h2 + i)));
      const sHigh = f32x4.mul(c1, slope(one, v128.load(h2 + i, 16)));
      const vLow = v128.load(v2 + i), vHigh = v128.load(v2 + i, 16);
      const uLow = v128.load(u + i), uHigh = v128.load(u + i, 16);
      const ofULow = f32x4.mul(sLow, vLow), ofUHigh = f32x4.mul(sHigh, vHigh);
      const b2Low = f32x4.mul(sLow, uLow), b2High = f32x4.mul(sHigh, uHigh);
      v128.store(ofU + i, ofULow);
      v128.store(ofU + i, ofUHigh, 16);
      v128.store(b2 + i, b2Low);
      v128.store(b2 + i, b2High, 16);
    }
    addScaledProduct(net, k == 0, c0, c1, v2, u, e2);
  }
  // Cotangents of q and T1, and through them of s3, W3 e, s1 and e W0.
  const b2 = stage + 6 * plane, ofU = b2 + plane;
  pullBackCarry(net, net.w2, h3, directions + count * plane, ofU, e3, ofW3, probes, spare);
  pullBackCarry(net, net.w1t, h1, directions, b2, e1, ofW0, probes, spare);
  // s = 1 - h^2: the cotangent of s contributes to h.
  for (let layer: usize = 0; layer < 3; layer++) throughSlope(net, act + layer * plane, e1 + layer * plane);
}

/** out += c v u over a plane, or out = c v u if it is the `first` term; c has one number per row. */
function addScaledProduct(
  net: Net,
  first: bool,
  c0: v128,
  c1: v128,
  v: usize,
  u: usize,
  out: usize,
): void {
  const end = v + featureBytes(net);
  if (first) {
    for (; v < end; v += 32, u += 32, out += 32) {
      const low = f32x4.mul(f32x4.mul(c0, v128.load(v)), v128.load(u));
      const high = f32x4.mul(f32x4.mul(c1, v128.load(v, 16)), v128.load(u, 16));
      v128.store(out, low);
      v128.store(out, high, 16);
    }
    return;
  }
  for (; v < end; v += 32, u += 32, out += 32) {
    const low = f32x4.mul(f32x4.mul(c0, v128.load(v)), v128.load(u));
    const high = f32x4.mul(f32x4.mul(c1, v128.load(v, 16)), v128.load(u, 16));
    const sumLow = f32x4.add(v128.load(out), low);
    const sumHigh = f32x4.add(v128.load(out, 16), high);
    v128.store(out, sumLow);
    v128.store(out, sumHigh, 16);
  }
}

/**
 * The VJP of {@link carry}, with `w` the transpose of its weights, two directions at a time.
 *
 * @param from Cotangent of `out` for the first direction, in a stage's planes.
 * @param ofS Output: cotangent of 1 - h^2.
 * @param ofD Output: cotangents of the directions' rows of weights, see {@link lanesBytes}.
 */
export function pullBackCarry(
  net: Net,
  w: usize,
  h: usize,
  d: usize,
  from: usize,
  ofS: usize,
  ofD: usize,
  probes: usize,
  spare: usize,
): void {
  const hidden = net.hidden, plane = planeBytes(net), next = 4 * plane;
  for (let k = 0; k < net.directions; k++) {
    const g = spare + <usize>(k & 1) * plane;
    if (!(k & 1)) {
      if (k + 1 == net.directions) multiply(net.wide, w, hidden, hidden, from, net.zeros, g);
      else multiplyPair(net.wide, w, hidden, hidden, from, from + next, net.zeros, g, g + plane);
    }
    throughDirection(net, h, d, g, ofS, k == 0, net.probed ? 0 : ofD + <usize>k * plane);
    if (net.probed) addForProbes(net, g, probes, ofD);
    d += plane;
    from += next;
  }
}

/** e = -2 h e over a plane. */
export function throughSlope(net: Net, h: usize, e: usize): void {
  const minusTwo = v128.load32_splat(net.tanhConstants, MINUS_TWO_AT);
  const end = h + featureBytes(net);
  for (; h < end; h += 32, e += 32) {
    const e0 = f32x4.mul(f32x4.mul(minusTwo, v128.load(h)), v128.load(e));
    const e1 = f32x4.mul(f32x4.mul(minusTwo, v128.load(h, 16)), v128.load(e, 16));
    v128.store(e, e0);
    v128.store(e, e1, 16);
  }
}

/**
 * From the cotangent g of s w: adds the cotangent of s to `ofS` (or stores it there), and adds that
 * of w to `sum`, or replaces g with it if `sum` is 0.
 */
function throughDirection(
  net: Net,
  h: usize,
  w: usize,
  g: usize,
  ofS: usize,
  first: bool,
  sum: usize,
): void {
  if (first) timesPlane(net, g, w, ofS);
  else addTimesPlane(net, g, w, ofS);
  if (sum != 0) addTimesSlope(net, h, g, sum);
  else timesSlope(net, h, g, g);
}

function addForProbes(net: Net, g: usize, probes: usize, to: usize): void {
  for (let d = 0; d < net.dims; d++) {
    addScaled(net, g, probes, to);
    probes += LANE_BYTES;
    to += planeBytes(net);
  }
}

/** alpha = s (g + e), or s g without the trace's contribution e. */
function throughTanh(net: Net, h: usize, g: usize, e: usize, alpha: usize): void {
  if (e == 0) {
    timesSlope(net, h, g, alpha);
    return;
  }
  const one = oneOf(net), end = h + featureBytes(net);
  for (; h < end; h += 32, g += 32, e += 32, alpha += 32) {
    const sum0 = f32x4.add(v128.load(g), v128.load(e));
    const sum1 = f32x4.add(v128.load(g, 16), v128.load(e, 16));
    const alpha0 = f32x4.mul(slope(one, v128.load(h)), sum0);
    const alpha1 = f32x4.mul(slope(one, v128.load(h, 16)), sum1);
    v128.store(alpha, alpha0);
    v128.store(alpha, alpha1, 16);
  }
}

/**
 * Cotangents of the values before each tanh of one or two tiles, for the cotangents `a` of their
 * velocities, planes [dims].
 *
 * @param stride Bytes between the planes of the tiles.
 * @param e1, e2, e3 The trace's contributions to the cotangents of h1, h2, h3, or 0.
 * @param spare A plane per tile.
 */
export function pullBackLayers(
  net: Net,
  tiles: i32,
  stride: usize,
  act: usize,
  a: usize,
  alpha1: usize,
  alpha2: usize,
  alpha3: usize,
  e1: usize,
  e2: usize,
  e3: usize,
  spare: usize,
): void {
  const hidden = net.hidden, plane = planeBytes(net), zeros = net.zeros;
  const h2 = act + plane, h3 = h2 + plane;
  multiplyTiles(net, tiles, net.w3t, net.dims, hidden, a, stride, zeros, spare, plane);
  throughTanhs(net, tiles, stride, h3, spare, e3, alpha3);
  multiplyTiles(net, tiles, net.w2t, hidden, hidden, alpha3, stride, zeros, spare, plane);
  throughTanhs(net, tiles, stride, h2, spare, e2, alpha2);
  multiplyTiles(net, tiles, net.w1t, hidden, hidden, alpha2, stride, zeros, spare, plane);
  throughTanhs(net, tiles, stride, act, spare, e1, alpha1);
}

/** {@link throughTanh} of one or two tiles; two have no trace. */
function throughTanhs(
  net: Net,
  tiles: i32,
  stride: usize,
  h: usize,
  g: usize,
  e: usize,
  alpha: usize,
): void {
  throughTanh(net, h, g, e, alpha);
  if (tiles == 2) throughTanh(net, h + stride, g + planeBytes(net), 0, alpha + stride);
}

/**
 * VJP of the velocity for cotangent `a`, a plane [dims], with respect to x, including what
 * {@link pullBackDivergence} left if the stage was `traced`.
 *
 * @param x Plane [dims].
 * @param spare Two planes.
 * @param ofX Output: cotangent of x, a plane [dims].
 */
export function pullBackVelocity(
  net: Net,
  act: usize,
  x: usize,
  a: usize,
  stage: usize,
  traced: bool,
  spare: usize,
  lanes: usize,
  ofX: usize,
): void {
  const hidden = net.hidden, dims = net.dims, plane = planeBytes(net);
  const alpha2 = stage, alpha3 = stage + plane;
  const e1 = traced ? stage + 2 * plane : 0;
  const e2 = traced ? stage + 3 * plane : 0;
  const e3 = traced ? stage + 4 * plane : 0;
  const h3 = act + 2 * plane;
  const alpha1 = spare + plane;
  pullBackLayers(net, 1, 0, act, a, alpha1, alpha2, alpha3, e1, e2, e3, spare);
  multiply(net.wide, net.w0t, hidden, dims, alpha1, net.zeros, ofX);

  addPlane(alpha1, lanes, featureBytes(net));
  addPlane(alpha2, lanes + plane, featureBytes(net));
  addPlane(alpha3, lanes + 2 * plane, featureBytes(net));
  let to = lanes + 3 * plane;
  for (let d = 0; d < dims; d++) {
    addScaled(net, alpha1, x + <usize>d * LANE_BYTES, to);
    to += plane;
  }
  for (let d = 0; d < dims; d++) {
    addScaled(net, h3, a + <usize>d * LANE_BYTES, to);
    to += plane;
  }
  addPlane(a, to, <usize>dims * LANE_BYTES);
}

/**
 * Lists the outer products of a stage for W1 and W2.
 *
 * @param stage As left by the two VJPs.
 * @returns Bytes added to each list.
 */
export function listOuterProducts(
  net: Net,
  act: usize,
  stage: usize,
  traced: bool,
  ofW1: usize,
  ofW2: usize,
): usize {
  const plane = planeBytes(net);
  store<u32>(ofW1, <u32>act);
  store<u32>(ofW1, <u32>stage, 4);
  store<u32>(ofW2, <u32>(act + plane));
  store<u32>(ofW2, <u32>(stage + plane), 4);
  if (!traced) return PAIR_BYTES;
  let at: usize = PAIR_BYTES;
  for (let k = 0; k < net.directions; k++) {
    const t1 = stage + <usize>(5 + 4 * k) * plane;
    store<u32>(ofW1 + at, <u32>t1);
    store<u32>(ofW1 + at, <u32>(t1 + plane), 4);
    store<u32>(ofW2 + at, <u32>(t1 + 2 * plane));
    store<u32>(ofW2 + at, <u32>(t1 + 3 * plane), 4);
    at += PAIR_BYTES;
  }
  return at;
}

/**
 * Adds the listed outer products, `bytes` per list, to the flat gradient.
 *
 * @param spare Scratch of `productBytes`, see simd_panels.part.as.ts.
 */
export function addListed(
  net: Net,
  ofW1: usize,
  ofW2: usize,
  bytes: usize,
  gradient: usize,
  spare: usize,
): void {
  const hidden = net.hidden;
  const w1 = gradient + <usize>((net.dims + 1) * hidden) * 4;
  const w2 = w1 + <usize>((hidden + 1) * hidden) * 4;
  addProducts(net.wide, ofW1, ofW1 + bytes, hidden, w1, spare);
  addProducts(net.wide, ofW2, ofW2 + bytes, hidden, w2, spare);
}

/** Reduces the sums spread over lanes into the flat gradient and clears them. */
export function addLanes(net: Net, lanes: usize, gradient: usize): void {
  const hidden = net.hidden, dims = net.dims, plane = planeBytes(net);
  const row = <usize>hidden * 4;
  const b0 = gradient + <usize>dims * row;
  const b1 = b0 + row + <usize>hidden * row;
  const b2 = b1 + row + <usize>hidden * row;
  const w3 = b2 + row;
  const begin = lanes;
  addSums(lanes, hidden, b0, 4);
  addSums(lanes + plane, hidden, b1, 4);
  addSums(lanes + 2 * plane, hidden, b2, 4);
  lanes += 3 * plane;
  for (let d = 0; d < dims; d++) {
    addSums(lanes, hidden, gradient + <usize>d * row, 4);
    lanes += plane;
  }
  for (let d = 0; d < dims; d++) {
    addSums(lanes, hidden, w3 + <usize>d * 4, <usize>dims * 4);
    lanes += plane;
  }
  addSums(lanes, dims, w3 + <usize>(hidden * dims) * 4, 4);
  memory.fill(begin, 0, <usize>lanesBytes(net));
}

function addSums(plane: usize, count: i32, to: usize, stride: usize): void {
  for (let i = 0; i < count; i++) {
    store<f32>(to, load<f32>(to) + sumOfLanes(plane));
    plane += LANE_BYTES;
    to += stride;
  }
}
