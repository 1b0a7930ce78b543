import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES, Net } from "./net.layout.part.as";
import {
  addTimesPlane,
  carry,
  evaluate,
  featureBytes,
  planeBytes,
  recompute,
  timesSlope,
} from "./simd.part.as";
import { addScaled, directionsOfW0, directionsOfW3, keepProbeRows } from "./simd_gradients.part.as";
import { pullBackCarry } from "./simd_pull_back.part.as";
import { multiply } from "./simd_planes.part.as";

/**
 * The traced field with its energies |f|^2 and the sum over the directions of |J e|^2, and their VJP.
 *
 * Unit vectors leave v2 and u of every direction, as without energies, and these give the Jacobian:
 *   J[j][i] = sum over the width of s2 v2_i u_j
 * so the energies cost no further product. A probe leaves v3 = (s2 v2) W2 in place of u, since |J e|^2
 * takes J e itself:
 *   J e = (s3 v3) W3,  e.(J e) = sum over the width of s3 v3 (W3 e)
 */

/** to += the squares of `columns` columns, over eight rows. */
function addSquares(from: usize, columns: i32, to: usize): void {
  let sum0 = v128.load(to), sum1 = v128.load(to, 16);
  const end = from + <usize>columns * LANE_BYTES;
  for (; from < end; from += LANE_BYTES) {
    const low = v128.load(from), high = v128.load(from, 16);
    sum0 = multiplyAdd(low, low, sum0);
    sum1 = multiplyAdd(high, high, sum1);
  }
  v128.store(to, sum1, 16);
  v128.store(to, sum0);
}

/** to += a * b, summed over the width of two planes. */
function addProducts(net: Net, a: usize, b: usize, to: usize): void {
  let sum0 = v128.load(to), sum1 = v128.load(to, 16);
  const end = a + featureBytes(net);
  for (; a < end; a += LANE_BYTES, b += LANE_BYTES) {
    sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0);
    sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1);
  }
  v128.store(to, sum1, 16);
  v128.store(to, sum0);
}

/** Replaces a column of J e by the weights c[0] e + 2 c[1] J e. */
function weigh(column: usize, c: usize, e0: v128, e1: v128): void {
  const two = f32x4.splat(2);
  const twice0 = f32x4.mul(f32x4.mul(two, v128.load(c, 32)), v128.load(column));
  const twice1 = f32x4.mul(f32x4.mul(two, v128.load(c, 48)), v128.load(column, 16));
  v128.store(column, multiplyAdd(v128.load(c, 16), e1, twice1), 16);
  v128.store(column, multiplyAdd(v128.load(c), e0, twice0));
}

/** Writes v2 of each direction and, after them, u of each unit vector or v3 of the probe. */
function carryDirections(net: Net, act: usize, directions: usize, spare: usize): void {
  const plane = planeBytes(net), count = <usize>net.directions;
  const v2 = act + 3 * plane, after = v2 + count * plane;
  carry(net, net.w1, act, directions, spare, v2);
  if (net.probed) carry(net, net.w2, act + plane, v2, spare, after);
  else carry(net, net.w2t, act + 2 * plane, directions + count * plane, spare, after);
}

/** Recomputes the activations of a tile exactly as {@link evaluateWithEnergies}. */
export function recomputeWithEnergies(
  net: Net,
  bias: usize,
  x: usize,
  act: usize,
  directions: usize,
  spare: usize,
): void {
  recompute(net, bias, x, act, directions, spare, false);
  carryDirections(net, act, directions, spare);
}

/**
 * The traced `evaluate` of simd.part.as.ts; `f` receives velocity, divergence, |f|^2 and |J e|^2,
 * which are followed by scratch, a plane [dims].
 */
export function evaluateWithEnergies(
  net: Net,
  bias: usize,
  x: usize,
  act: usize,
  directions: usize,
  spare: usize,
  f: usize,
): void {
  const dims = net.dims, plane = planeBytes(net), count = <usize>net.directions;
  evaluate(net, bias, x, act, directions, spare, false, f);
  carryDirections(net, act, directions, spare);
  const divergence = f + <usize>dims * LANE_BYTES;
  const kinetic = divergence + LANE_BYTES, jacobian = kinetic + LANE_BYTES;
  memory.fill(divergence, 0, 3 * LANE_BYTES);
  addSquares(f, dims, kinetic);
  const h2 = act + plane, h3 = h2 + plane, v2 = h3 + plane, after = v2 + count * plane;
  if (net.probed) {
    const ofProbe = jacobian + LANE_BYTES;
    timesSlope(net, h3, after, spare);
    addProducts(net, spare, directions + plane, divergence);
    multiply(net.wide, net.w3, net.hidden, dims, spare, net.zeros, ofProbe);
    addSquares(ofProbe, dims, jacobian);
    return;
  }
  const entry = jacobian + LANE_BYTES;
  for (let i: usize = 0; i < count; i++) {
    timesSlope(net, h2, v2 + i * plane, spare);
    for (let j: usize = 0; j < count; j++) {
      memory.fill(entry, 0, LANE_BYTES);
      addProducts(net, spare, after + j * plane, entry);
      addSquares(entry, 1, jacobian);
      if (i != j) continue;
      v128.store(divergence, f32x4.add(v128.load(divergence, 16), v128.load(entry, 16)), 16);
      v128.store(divergence, f32x4.add(v128.load(divergence), v128.load(entry)));
    }
  }
}

/**
 * VJP of divergence and |J e|^2 for cotangents `c`, [8] each: as `pullBackDivergence`, for the
 * weights w = c[0] e + 2 c[1] J e of J e in place of c[0] e.
 *
 * @param spare Three planes.
 * @param w Scratch, a plane [dims].
 */
export function pullBackEnergies(
  net: Net,
  act: usize,
  directions: usize,
  probes: usize,
  c: usize,
  stage: usize,
  spare: usize,
  lanes: usize,
  w: usize,
): void {
  const dims = net.dims, plane = planeBytes(net), count = <usize>net.directions;
  const h1 = act, h2 = act + plane, h3 = h2 + plane, v2 = h3 + plane, after = v2 + count * plane;
  const e1 = stage + 2 * plane, e2 = e1 + plane, e3 = e2 + plane;
  const ofW0 = directionsOfW0(net, stage, lanes), ofW3 = directionsOfW3(net, stage, lanes);
  const first = stage + 5 * plane, ofU = first + 2 * plane;
  const g = spare + plane;
  let left = directions + count * plane;
  memory.fill(e2, 0, featureBytes(net));
  for (let i: usize = 0; i < count; i++) {
    const t1 = first + 4 * i * plane;
    timesSlope(net, h1, directions + i * plane, t1);
    if (!net.probed) {
      timesSlope(net, h3, left + i * plane, t1 + 3 * plane);
      memory.fill(t1 + 2 * plane, 0, featureBytes(net));
    }
  }
  if (net.probed) {
    timesSlope(net, h3, after, spare);
    multiply(net.wide, net.w3, net.hidden, dims, spare, net.zeros, w);
    for (let d: usize = 0; d < <usize>dims * LANE_BYTES; d += LANE_BYTES) {
      weigh(w + d, c, v128.load(probes + d), v128.load(probes + d, 16));
    }
    left = spare + 2 * plane;
    multiply(net.wide, net.w3t, dims, net.hidden, w, net.zeros, left);
    timesSlope(net, h3, left, first + 3 * plane);
    multiply(net.wide, net.w2t, net.hidden, net.hidden, first + 3 * plane, net.zeros, g);
    timesSlope(net, h2, v2, ofU);
    timesSlope(net, h2, g, first + plane);
    addTimesPlane(net, v2, g, e2);
  } else {
    for (let i: usize = 0; i < count; i++) {
      timesSlope(net, h2, v2 + i * plane, spare);
      memory.fill(g, 0, featureBytes(net));
      for (let j: usize = 0; j < count; j++) {
        const u = after + j * plane;
        memory.fill(w, 0, LANE_BYTES);
        addProducts(net, spare, u, w);
        const unit = f32x4.splat(i == j ? 1 : 0);
        weigh(w, c, unit, unit);
        addScaled(net, u, w, g);
        addScaled(net, spare, w, ofU + 4 * j * plane);
      }
      timesSlope(net, h2, g, first + (4 * i + 1) * plane);
      addTimesPlane(net, v2 + i * plane, g, e2);
    }
  }
  const rows = net.probed ? w : probes;
  keepProbeRows(net, rows, stage);
  pullBackCarry(net, 1, 0, net.w2, h3, 0, left, 0, ofU, e3, ofW3, rows, spare);
  pullBackCarry(net, 1, 0, net.w1t, h1, 0, directions, 0, first + plane, e1, ofW0, probes, spare);
}
