import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES, NARROW_PANEL_DIMS, Net, PAIR_BYTES } from "./net.layout.part.as";
import { featureBytes, planeBytes } from "./simd.part.as";
import { addProducts, productBytes } from "./simd_panels.part.as";
import { sumOfLanes } from "./simd_planes.part.as";

/**
 * What the VJP of the ConditionalMLP leaves for the gradients of weights and biases, and how they are
 * summed: outer products over panels for W1 and W2, and for W0 and W3 of many dimensions; sums that
 * are spread over lanes for the rest.
 */

/**
 * Whether the gradients of W0 and W3 are products over panels: for many dimensions, of which each VJP
 * would read and write 2 dims planes of sums over lanes, unless a trace with all unit vectors, which has
 * such sums itself, outweighs them.
 */
// @ts-ignore: decorator
@inline
export function hasNarrowPanels(net: Net): bool {
  return net.dims >= NARROW_PANEL_DIMS && net.directions < net.dims;
}

/**
 * Planes that the VJP of one stage of one tile leaves for the outer products: alpha2, alpha3
 * (cotangents of the values before tanh); the trace's cotangents of 1 - h^2 of the three layers; then T1,
 * B2 (cotangent of v2), C (cotangent of u), q of each direction.
 */
function stagePlanes(net: Net): i32 {
  return 5 + 4 * net.directions;
}

/** Planes behind these with narrow panels: alpha1, and the cotangents of a probe's e W0 and W3 e. */
export function narrowPlanes(net: Net): i32 {
  return !hasNarrowPanels(net) ? 0 : net.probed ? 3 : 1;
}

/** Bytes of a plane [dims] kept for the outer products, of an even number of features. */
// @ts-ignore: decorator
@inline
function rowsBytes(net: Net): usize {
  return <usize>((net.dims + 1) & ~1) * LANE_BYTES;
}

/**
 * Bytes that the VJP of one stage of one tile leaves: the planes above, and with narrow panels the
 * planes [dims] x, the cotangents of the velocity, and the rows that a probe's W3 e is multiplied by.
 */
export function stageBytes(net: Net): u64 {
  const planes = <u64>(stagePlanes(net) + narrowPlanes(net)) * <u64>planeBytes(net);
  if (!hasNarrowPanels(net)) return planes;
  return planes + (net.probed ? 3 : 2) * <u64>((net.dims + 1) & ~1) * LANE_BYTES;
}

/** alpha1 of a stage with narrow panels. */
// @ts-ignore: decorator
@inline
export function narrowPlanesOf(net: Net, stage: usize): usize {
  return stage + <usize>stagePlanes(net) * planeBytes(net);
}

/** The planes [dims] of a stage with narrow panels: 0 is x, 1 the velocity's cotangents, 2 a probe's rows. */
// @ts-ignore: decorator
@inline
export function rowsOf(net: Net, stage: usize, index: usize): usize {
  return narrowPlanesOf(net, stage) + <usize>narrowPlanes(net) * planeBytes(net) + index * rowsBytes(net);
}

/** Planes of W0 and W3 among the sums over lanes. */
function narrowLanes(net: Net): u64 {
  return hasNarrowPanels(net) ? 0 : 2 * <u64>net.dims;
}

/**
 * Planes of row sums that are still spread over lanes: cotangents of b0, b1, b2, of W0 and of W3
 * (dims planes each, if any); then of b3, a plane [dims].
 */
export function lanesBytes(net: Net): u64 {
  return (3 + narrowLanes(net)) * <u64>planeBytes(net) + <u64>net.dims * LANE_BYTES;
}

/** to += a * b over eight rows and the whole width; `b` has one number per row. */
export function addScaled(net: Net, a: usize, b: usize, to: usize): void {
  const b0 = v128.load(b), b1 = v128.load(b, 16);
  const end = a + featureBytes(net);
  for (; a < end; a += LANE_BYTES) {
    const sum0 = multiplyAdd(v128.load(a), b0, v128.load(to));
    const sum1 = multiplyAdd(v128.load(a, 16), b1, v128.load(to, 16));
    v128.store(to, sum1, 16);
    v128.store(to, sum0);
    to += LANE_BYTES;
  }
}

/** to += a over a plane. */
function addPlane(a: usize, to: usize, bytes: usize): void {
  const end = a + bytes;
  for (; a < end; a += 32, to += 32) {
    const sum0 = f32x4.add(v128.load(a), v128.load(to));
    const sum1 = f32x4.add(v128.load(a, 16), v128.load(to, 16));
    v128.store(to, sum1, 16);
    v128.store(to, sum0);
  }
}

/** Where the directions' part of the gradient of W0 goes: sums over lanes, or a stage's plane. */
export function directionsOfW0(net: Net, stage: usize, lanes: usize): usize {
  const plane = planeBytes(net);
  return hasNarrowPanels(net) ? narrowPlanesOf(net, stage) + plane : lanes + 3 * plane;
}

/** {@link directionsOfW0} of W3. */
export function directionsOfW3(net: Net, stage: usize, lanes: usize): usize {
  const ofW0 = directionsOfW0(net, stage, lanes), plane = planeBytes(net);
  return ofW0 + (hasNarrowPanels(net) ? plane : <usize>net.dims * plane);
}

/** Keeps the rows, a plane [dims], that the cotangent of a probe's W3 e is multiplied by. */
export function keepProbeRows(net: Net, rows: usize, stage: usize): void {
  if (!hasNarrowPanels(net)) return;
  memory.copy(rowsOf(net, stage, 2), rows, <usize>net.dims * LANE_BYTES);
}

/**
 * Adds the velocity's part of the gradients of the biases, W0 and W3, or keeps it for the products.
 *
 * @param x, a Planes [dims]: points, and cotangents of the velocity.
 */
export function addVelocity(
  net: Net,
  h3: usize,
  x: usize,
  a: usize,
  alpha1: usize,
  stage: usize,
  lanes: usize,
): void {
  const dims = net.dims, plane = planeBytes(net), narrow = <usize>dims * LANE_BYTES;
  addPlane(alpha1, lanes, featureBytes(net));
  addPlane(stage, lanes + plane, featureBytes(net));
  addPlane(stage + plane, lanes + 2 * plane, featureBytes(net));
  if (hasNarrowPanels(net)) {
    memory.copy(rowsOf(net, stage, 0), x, narrow);
    memory.copy(rowsOf(net, stage, 1), a, narrow);
  } else {
    let to = lanes + 3 * plane;
    for (let d: usize = 0; d < narrow; d += LANE_BYTES, to += plane) addScaled(net, alpha1, x + d, to);
    for (let d: usize = 0; d < narrow; d += LANE_BYTES, to += plane) addScaled(net, h3, a + d, to);
  }
  addPlane(a, lanes + (3 + <usize>narrowLanes(net)) * plane, narrow);
}

/** Outer products of a stage for W0, and for W3. */
export function narrowProducts(net: Net): i32 {
  return !hasNarrowPanels(net) ? 0 : net.probed ? 2 : 1;
}

/** Scratch bytes for the outer products of `stages` stages, see {@link addListed}. */
export function listedBytes(net: Net, stages: i32): u64 {
  const hidden = productBytes(net.hidden, stages * (1 + net.directions));
  return max(hidden, productBytes(max(net.dims, net.hidden), stages * narrowProducts(net)));
}

function listPair(at: usize, left: usize, right: usize): void {
  store<u32>(at, <u32>left);
  store<u32>(at, <u32>right, 4);
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
  listPair(ofW1, act, stage);
  listPair(ofW2, act + plane, stage + plane);
  if (!traced) return PAIR_BYTES;
  let at: usize = PAIR_BYTES;
  for (let k = 0; k < net.directions; k++) {
    const t1 = stage + <usize>(5 + 4 * k) * plane;
    listPair(ofW1 + at, t1, t1 + plane);
    listPair(ofW2 + at, t1 + 2 * plane, t1 + 3 * plane);
    at += PAIR_BYTES;
  }
  return at;
}

/**
 * {@link listOuterProducts} for W0 and W3, if they have any.
 *
 * @param probes Plane [dims], if there are probes.
 */
export function listNarrowProducts(
  net: Net,
  act: usize,
  stage: usize,
  traced: bool,
  probes: usize,
  ofW0: usize,
  ofW3: usize,
): usize {
  if (!hasNarrowPanels(net)) return 0;
  const plane = planeBytes(net), alpha1 = narrowPlanesOf(net, stage);
  listPair(ofW0, rowsOf(net, stage, 0), alpha1);
  listPair(ofW3, act + 2 * plane, rowsOf(net, stage, 1));
  if (!traced) return PAIR_BYTES;
  listPair(ofW0 + PAIR_BYTES, probes, alpha1 + plane);
  listPair(ofW3 + PAIR_BYTES, alpha1 + 2 * plane, rowsOf(net, stage, 2));
  return 2 * PAIR_BYTES;
}

/**
 * Adds the listed outer products, `bytes` per list, to the flat gradient.
 *
 * @param narrowBytes Bytes of each list of W0 and W3.
 * @param spare Scratch of {@link listedBytes}.
 */
export function addListed(
  net: Net,
  ofW0: usize,
  ofW1: usize,
  ofW2: usize,
  ofW3: usize,
  bytes: usize,
  narrowBytes: usize,
  gradient: usize,
  spare: usize,
): void {
  const dims = net.dims, hidden = net.hidden, wide = net.wide;
  const w1 = gradient + <usize>((dims + 1) * hidden) * 4;
  const w2 = w1 + <usize>((hidden + 1) * hidden) * 4;
  addProducts(wide, ofW1, ofW1 + bytes, hidden, hidden, w1, spare);
  addProducts(wide, ofW2, ofW2 + bytes, hidden, hidden, w2, spare);
  if (narrowBytes == 0) return;
  const w3 = w2 + <usize>((hidden + 1) * hidden) * 4;
  addProducts(wide, ofW0, ofW0 + narrowBytes, dims, hidden, gradient, spare);
  addProducts(wide, ofW3, ofW3 + narrowBytes, hidden, dims, w3, spare);
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
  if (narrowLanes(net) > 0) {
    for (let d = 0; d < dims; d++, lanes += plane) addSums(lanes, hidden, gradient + <usize>d * row, 4);
    for (let d = 0; d < dims; d++, lanes += plane) {
      addSums(lanes, hidden, w3 + <usize>d * 4, <usize>dims * 4);
    }
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

/**
 * Multiplies what a VJP left in `stage` for the outer products by `scale`, since they are linear in the
 * cotangents: one operand of each.
 */
export function scaleStage(net: Net, scale: f32, stage: usize): void {
  const plane = planeBytes(net), factor = f32x4.splat(scale);
  scalePlanes(stage, 2 * plane, factor);
  for (let k = 0; k < net.directions; k++) {
    // Cotangents of v2 and u.
    scalePlanes(stage + <usize>(6 + 4 * k) * plane, 2 * plane, factor);
  }
  if (!hasNarrowPanels(net)) return;
  scalePlanes(narrowPlanesOf(net, stage), <usize>narrowPlanes(net) * plane, factor);
  scalePlanes(rowsOf(net, stage, 1), <usize>net.dims * LANE_BYTES, factor);
}

function scalePlanes(at: usize, bytes: usize, factor: v128): void {
  const end = at + bytes;
  for (; at < end; at += 32) {
    const product0 = f32x4.mul(v128.load(at), factor);
    const product1 = f32x4.mul(v128.load(at, 16), factor);
    v128.store(at, product1, 16);
    v128.store(at, product0);
  }
}
