import { LANE_BYTES, Net } from "./net.layout.part.as";
import {
  addTimesPlane,
  addTimesSlope,
  featureBytes,
  multiplyTiles,
  oneOf,
  planeBytes,
  slope,
  timesPlane,
  timesSlope,
} from "./simd.part.as";
import {
  addScaled,
  addVelocity,
  directionsOfW0,
  directionsOfW3,
  hasNarrowPanels,
  keepProbeRows,
  narrowPlanesOf,
} from "./simd_gradients.part.as";
import { multiply, multiplyPair } from "./simd_planes.part.as";
import { MINUS_TWO_AT } from "./simd_tanh.part.as";

/**
 * VJP of the ConditionalMLP over one or two tiles; two load each weight once, with the same bits. The
 * planes of two tiles are `stride` bytes apart; those of activations and of directions, which need not
 * lie in the threads' scratch memory, have strides of their own.
 */

/**
 * VJP of the divergence for cotangent `c` [8]: the part of a stage that does not depend on the
 * cotangent of the velocity.
 *
 * @param probes Plane [dims], if there are probes.
 * @param stage Output, of `stageBytes`: all but alpha1 to alpha3, x and the cotangents of the velocity.
 * @param spare Two planes.
 * @param lanes Accumulators, see `lanesBytes`.
 */
export function pullBackDivergence(
  net: Net,
  tiles: i32,
  stride: usize,
  act: usize,
  actStride: usize,
  directions: usize,
  directionStride: usize,
  probes: usize,
  c: usize,
  stage: usize,
  spare: usize,
  lanes: usize,
): void {
  const plane = planeBytes(net), h3 = act + 2 * plane, w3 = directions + <usize>net.directions * plane;
  for (let i: usize = 0; i < <usize>tiles; i++) {
    const at = i * stride;
    ofDirections(net, act + i * actStride, directions + i * directionStride, c + at, stage + at);
    keepProbeRows(net, probes + at, stage + at);
  }
  // Cotangents of q and T1, and through them of s3, W3 e, s1 and e W0.
  const e1 = stage + 2 * plane, e3 = stage + 4 * plane, b2 = stage + 6 * plane, ofU = b2 + plane;
  const ofW0 = directionsOfW0(net, stage, lanes), ofW3 = directionsOfW3(net, stage, lanes);
  pullBackCarry(net, tiles, stride, net.w2, h3, actStride, w3, directionStride, ofU, e3, ofW3, probes, spare);
  pullBackCarry(net, tiles, stride, net.w1t, act, actStride, directions, directionStride, b2, e1, ofW0, probes, spare);
}

/** Writes T1, the cotangents of v2 and u, and q of all directions, and the cotangent of s2. */
function ofDirections(net: Net, act: usize, directions: usize, c: usize, stage: usize): void {
  const plane = planeBytes(net), count = <usize>net.directions;
  const h1 = act, h2 = act + plane, h3 = h2 + plane, e2 = stage + 3 * plane;
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
      v128.store(ofU + i, ofUHigh, 16);
      v128.store(ofU + i, ofULow);
      v128.store(b2 + i, b2High, 16);
      v128.store(b2 + i, b2Low);
    }
    addScaledProduct(net, k == 0, c0, c1, v2, u, e2);
  }
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
      v128.store(out, high, 16);
      v128.store(out, low);
    }
    return;
  }
  for (; v < end; v += 32, u += 32, out += 32) {
    const low = f32x4.mul(f32x4.mul(c0, v128.load(v)), v128.load(u));
    const high = f32x4.mul(f32x4.mul(c1, v128.load(v, 16)), v128.load(u, 16));
    const sumLow = f32x4.add(v128.load(out), low);
    const sumHigh = f32x4.add(v128.load(out, 16), high);
    v128.store(out, sumHigh, 16);
    v128.store(out, sumLow);
  }
}


/**
 * The VJP of `carry`, with `w` the transpose of its weights: for two tiles, or two directions at a time.
 *
 * @param from Cotangent of `out` for the first direction, in a stage's planes.
 * @param ofS Output: cotangent of 1 - h^2.
 * @param ofD Output: cotangents of the directions' rows of weights, see {@link directionsOfW0}.
 */
export function pullBackCarry(
  net: Net,
  tiles: i32,
  stride: usize,
  w: usize,
  h: usize,
  hStride: usize,
  d: usize,
  dStride: usize,
  from: usize,
  ofS: usize,
  ofD: usize,
  probes: usize,
  spare: usize,
): void {
  const hidden = net.hidden, plane = planeBytes(net), next = 4 * plane;
  const isKept = hasNarrowPanels(net);
  for (let k = 0; k < net.directions; k++) {
    let g = isKept ? ofD : spare;
    if (tiles == 2) {
      multiplyPair(net.wide, w, hidden, hidden, from, from + stride, net.zeros, g, g + stride);
    } else if (k & 1) g += plane;
    else if (k + 1 == net.directions) multiply(net.wide, w, hidden, hidden, from, net.zeros, g);
    else multiplyPair(net.wide, w, hidden, hidden, from, from + next, net.zeros, g, g + plane);
    for (let i: usize = 0; i < <usize>tiles; i++) {
      const at = i * stride;
      const sum = net.probed ? 0 : ofD + at + <usize>k * plane;
      throughDirection(net, h + i * hStride, d + i * dStride, g + at, ofS + at, k == 0, sum);
      if (net.probed && !isKept) addForProbes(net, g + at, probes + at, ofD + at);
    }
    d += plane;
    from += next;
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
  if (first && sum == 0) {
    const one = oneOf(net), end = h + featureBytes(net);
    for (; h < end; h += 32, w += 32, g += 32, ofS += 32) {
      const g0 = v128.load(g), g1 = v128.load(g, 16);
      const ofS0 = f32x4.mul(g0, v128.load(w)), ofS1 = f32x4.mul(g1, v128.load(w, 16));
      const ofW0 = f32x4.mul(slope(one, v128.load(h)), g0);
      const ofW1 = f32x4.mul(slope(one, v128.load(h, 16)), g1);
      v128.store(ofS, ofS1, 16);
      v128.store(ofS, ofS0);
      v128.store(g, ofW1, 16);
      v128.store(g, ofW0);
    }
    return;
  }
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

/**
 * alpha = s (g - 2 h e), or s g without a trace: e is the cotangent of s = 1 - h^2, through which it
 * contributes to that of h.
 */
function throughTanh(net: Net, h: usize, g: usize, e: usize, alpha: usize): void {
  if (e == 0) {
    timesSlope(net, h, g, alpha);
    return;
  }
  const one = oneOf(net), minusTwo = v128.load32_splat(net.tanhConstants, MINUS_TWO_AT);
  const end = h + featureBytes(net);
  for (; h < end; h += 32, g += 32, e += 32, alpha += 32) {
    const h0 = v128.load(h), h1 = v128.load(h, 16);
    const ofH0 = f32x4.mul(f32x4.mul(minusTwo, h0), v128.load(e));
    const ofH1 = f32x4.mul(f32x4.mul(minusTwo, h1), v128.load(e, 16));
    const sum0 = f32x4.add(v128.load(g), ofH0), sum1 = f32x4.add(v128.load(g, 16), ofH1);
    const alpha0 = f32x4.mul(slope(one, h0), sum0), alpha1 = f32x4.mul(slope(one, h1), sum1);
    v128.store(alpha, alpha1, 16);
    v128.store(alpha, alpha0);
  }
}

/**
 * Cotangents of the values before each tanh of one or two tiles, for the cotangents `a` of their
 * velocities, planes [dims].
 *
 * @param stride Bytes between the planes of the tiles.
 * @param actStride Bytes between their activations.
 * @param e1, e2, e3 The trace's cotangents of 1 - h^2 of the layers, or 0.
 * @param spare A plane per tile.
 * @param spareStride Bytes between these.
 */
export function pullBackLayers(
  net: Net,
  tiles: i32,
  stride: usize,
  act: usize,
  actStride: usize,
  a: usize,
  alpha1: usize,
  alpha2: usize,
  alpha3: usize,
  e1: usize,
  e2: usize,
  e3: usize,
  spare: usize,
  spareStride: usize,
): void {
  const hidden = net.hidden, plane = planeBytes(net), zeros = net.zeros;
  const h2 = act + plane, h3 = h2 + plane;
  multiplyTiles(net, tiles, net.w3t, net.dims, hidden, a, stride, zeros, spare, spareStride);
  throughTanhs(net, tiles, stride, h3, actStride, spare, spareStride, e3, alpha3);
  multiplyTiles(net, tiles, net.w2t, hidden, hidden, alpha3, stride, zeros, spare, spareStride);
  throughTanhs(net, tiles, stride, h2, actStride, spare, spareStride, e2, alpha2);
  multiplyTiles(net, tiles, net.w1t, hidden, hidden, alpha2, stride, zeros, spare, spareStride);
  throughTanhs(net, tiles, stride, act, actStride, spare, spareStride, e1, alpha1);
}

/** {@link throughTanh} of one or two tiles. */
function throughTanhs(
  net: Net,
  tiles: i32,
  stride: usize,
  h: usize,
  hStride: usize,
  g: usize,
  gStride: usize,
  e: usize,
  alpha: usize,
): void {
  throughTanh(net, h, g, e, alpha);
  if (tiles == 2) throughTanh(net, h + hStride, g + gStride, e ? e + stride : 0, alpha + stride);
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
  tiles: i32,
  stride: usize,
  act: usize,
  actStride: usize,
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
  const alpha1 = hasNarrowPanels(net) ? narrowPlanesOf(net, stage) : spare + plane;
  pullBackLayers(net, tiles, stride, act, actStride, a, alpha1, alpha2, alpha3, e1, e2, e3, spare, stride);
  multiplyTiles(net, tiles, net.w0t, hidden, dims, alpha1, stride, net.zeros, ofX, stride);
  for (let i: usize = 0; i < <usize>tiles; i++) {
    const at = i * stride, h3 = act + i * actStride + 2 * plane;
    addVelocity(net, h3, x + at, a + at, alpha1 + at, stage + at, lanes + at);
  }
}
