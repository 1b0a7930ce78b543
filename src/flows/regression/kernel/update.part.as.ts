import { adam } from "../../../ops/adam/adam.as";
import { packPart } from "../../../ops/mlp_field/simd_planes.part.as";
import { Net } from "../../../ops/mlp_field/net.layout.part.as";
import { GROUP_ROWS, Regression } from "../regression.layout.part.as";
import { settingsOf } from "./draws.part.as";
import { inputsOf, offsetOf, outputsOf } from "./gradients.part.as";

/** Adam by groups of a matrix's rows, which are then packed for the next step. */

/** Number of groups of a layer. */
// @ts-ignore: decorator
@inline
function groupsOf(net: Net, layer: i32): i32 {
  return (inputsOf(net, layer) + GROUP_ROWS - 1) / GROUP_ROWS;
}

/** Number of groups of all layers. */
export function groupCount(net: Net): i32 {
  return groupsOf(net, 0) + groupsOf(net, 1) + groupsOf(net, 2) + groupsOf(net, 3);
}

/** Updates the weights of a group; the last of a layer includes its bias. */
export function takeGroup(job: Regression, group: i32): void {
  const net: Net = job;
  let layer = 0;
  while (group >= groupsOf(net, layer)) group -= groupsOf(net, layer++);
  const inputs = inputsOf(net, layer), outputs = outputsOf(net, layer);
  const first = group * GROUP_ROWS, end = min(inputs, first + GROUP_ROWS);
  const offset = <usize>offsetOf(net, layer) * 4, row = <usize>outputs * 4;
  const at = offset + <usize>first * row;
  update(job, at, (end - first + (end == inputs ? 1 : 0)) * outputs);
  packRows(net, layer, job.weights + offset, first, end);
}

/** A step of Adam over `count` numbers from `at` bytes on, in place. */
function update(job: Regression, at: usize, count: i32): void {
  const step = settingsOf(job);
  const average = job.average ? job.average + at : 0;
  const weights = job.weights + at, m = job.firstMoment + at, v = job.secondMoment + at;
  adam(
    count,
    weights,
    job.gradient + at,
    m,
    v,
    average,
    weights,
    m,
    v,
    average,
    job.squares,
    job.maxNorm,
    job.weightDecay,
    step.secondScale,
    step.rate,
    step.averageDecay,
    job.firstDecay,
    job.secondDecay,
    job.epsilon,
    job.clipEpsilon,
  );
}

/** Packs rows of a matrix for x W, and for x W^T but in the first layer, whose input needs no cotangent. */
function packRows(net: Net, layer: i32, w: usize, first: i32, end: i32): void {
  const inputs = inputsOf(net, layer), outputs = outputsOf(net, layer);
  const row = <usize>outputs * 4;
  const packed = layer == 0 ? net.w0 : layer == 1 ? net.w1 : layer == 2 ? net.w2 : net.w3;
  packPart(w, inputs, outputs, row, 4, packed, first, end, 0, outputs);
  if (layer == 0) return;
  const transposed = layer == 1 ? net.w1t : layer == 2 ? net.w2t : net.w3t;
  packPart(w, outputs, inputs, 4, row, transposed, 0, outputs, first, end);
}
