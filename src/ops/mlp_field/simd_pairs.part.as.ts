import { LANE_BYTES, LANES, Net } from "./net.layout.part.as";
import { planeBytes, sumDirections, timesSlope } from "./simd.part.as";
import { multiply, multiplyPair } from "./simd_planes.part.as";
import { tanhInPlace } from "./simd_tanh.part.as";

/**
 * `evaluate` (simd.part.as.ts) over two tiles, which load each weight of the hidden layers once; the bits are
 * the same.
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
  const numbers = hidden * LANES;
  multiply(net.wide, net.w0, dims, hidden, x, bias, act);
  multiply(net.wide, net.w0, dims, hidden, otherX, otherBias, otherAct);
  tanhInPlace(act, numbers, net.tanhConstants);
  tanhInPlace(otherAct, numbers, net.tanhConstants);
  let w = net.w1, b = net.b1;
  let h = act, otherH = otherAct;
  for (let layer = 1; layer < 3; layer++) {
    const next = h + plane, otherNext = otherH + plane;
    multiplyPair(net.wide, w, hidden, hidden, h, otherH, b, next, otherNext);
    tanhInPlace(next, numbers, net.tanhConstants);
    tanhInPlace(otherNext, numbers, net.tanhConstants);
    h = next;
    otherH = otherNext;
    w = net.w2;
    b = net.b2;
  }
  multiply(net.wide, net.w3, hidden, dims, h, net.b3, f);
  multiply(net.wide, net.w3, hidden, dims, otherH, net.b3, otherF);
  if (!traced) return;
  let v = h + plane, otherV = otherH + plane;
  let from = act, otherFrom = otherAct;
  w = net.w1;
  for (let side = 0; side < 2; side++) {
    for (let k = 0; k < net.directions; k++) {
      timesSlope(net, from, directions, spare);
      timesSlope(net, otherFrom, otherDirections, spare + plane);
      multiplyPair(net.wide, w, hidden, hidden, spare, spare + plane, net.zeros, v, otherV);
      directions += plane;
      otherDirections += plane;
      v += plane;
      otherV += plane;
    }
    from = h;
    otherFrom = otherH;
    w = net.w2t;
  }
  sumDirections(net, act, f + <usize>dims * LANE_BYTES);
  sumDirections(net, otherAct, otherF + <usize>dims * LANE_BYTES);
}
