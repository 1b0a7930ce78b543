import { LANE_BYTES, LANES, Net } from "./net.layout.part.as";
import { planeBytes, sumDirections, timesSlope } from "./simd.part.as";
import { multiplyPair } from "./simd_planes.part.as";
import { firstLayer, tanhInPlace } from "./simd_tanh.part.as";

/**
 * `evaluate` and `recompute` (simd.part.as.ts) over two tiles, which load each weight once; the bits are
 * the same. Products with the same weights follow each other, which are then still in the L2 cache.
 */

/**
 * Recomputes the activations of two tiles.
 *
 * @param spare Two planes.
 */
export function recomputeTwo(
  net: Net,
  traced: bool,
  bias: usize,
  x: usize,
  act: usize,
  directions: usize,
  spare: usize,
  otherBias: usize,
  otherX: usize,
  otherAct: usize,
  otherDirections: usize,
): void {
  const hidden = net.hidden, plane = planeBytes(net), count = <usize>net.directions;
  firstLayer(net, bias, x, act);
  firstLayer(net, otherBias, otherX, otherAct);
  const h2 = act + plane, otherH2 = otherAct + plane;
  multiplyPair(net.wide, net.w1, hidden, hidden, act, otherAct, net.b1, h2, otherH2);
  const v2 = act + 3 * plane, otherV2 = otherAct + 3 * plane;
  if (traced) carryTwo(net, net.w1, act, otherAct, directions, otherDirections, spare, v2, otherV2);
  tanhOfTwo(net, h2, otherH2);
  const h3 = h2 + plane, otherH3 = otherH2 + plane;
  multiplyPair(net.wide, net.w2, hidden, hidden, h2, otherH2, net.b2, h3, otherH3);
  tanhOfTwo(net, h3, otherH3);
  if (!traced) return;
  const next = count * plane;
  carryTwo(
    net,
    net.w2t,
    h3,
    otherH3,
    directions + next,
    otherDirections + next,
    spare,
    v2 + next,
    otherV2 + next,
  );
}

function tanhOfTwo(net: Net, at: usize, other: usize): void {
  const numbers = net.hidden * LANES;
  tanhInPlace(at, numbers, net.tanhConstants);
  tanhInPlace(other, numbers, net.tanhConstants);
}

/** out = ((1 - h^2) d) W for the planes d of all directions. */
function carryTwo(
  net: Net,
  w: usize,
  h: usize,
  otherH: usize,
  d: usize,
  otherD: usize,
  spare: usize,
  out: usize,
  otherOut: usize,
): void {
  const hidden = net.hidden, plane = planeBytes(net), zeros = net.zeros;
  for (let k = 0; k < net.directions; k++) {
    timesSlope(net, h, d, spare);
    timesSlope(net, otherH, otherD, spare + plane);
    multiplyPair(net.wide, w, hidden, hidden, spare, spare + plane, zeros, out, otherOut);
    d += plane;
    otherD += plane;
    out += plane;
    otherOut += plane;
  }
}

/**
 * Evaluates the field over two tiles.
 *
 * @param spare Two planes.
 */
export function evaluateTwo(
  net: Net,
  traced: bool,
  bias: usize,
  x: usize,
  act: usize,
  directions: usize,
  spare: usize,
  f: usize,
  otherBias: usize,
  otherX: usize,
  otherAct: usize,
  otherDirections: usize,
  otherF: usize,
): void {
  const dims = net.dims, hidden = net.hidden, plane = planeBytes(net);
  recomputeTwo(
    net,
    traced,
    bias,
    x,
    act,
    directions,
    spare,
    otherBias,
    otherX,
    otherAct,
    otherDirections,
  );
  const h3 = act + 2 * plane, otherH3 = otherAct + 2 * plane;
  multiplyPair(net.wide, net.w3, hidden, dims, h3, otherH3, net.b3, f, otherF);
  if (!traced) return;
  sumDirections(net, act, f + <usize>dims * LANE_BYTES);
  sumDirections(net, otherAct, otherF + <usize>dims * LANE_BYTES);
}
