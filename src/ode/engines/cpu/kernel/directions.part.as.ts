import { planeBytes, probeDirections } from "../../../../ops/mlp_field/simd.part.as";
import { LANE_BYTES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { Job } from "../job.layout.part.as";
import { Scratch, tilesOf } from "./scratch.part.as";
import { gatherRows } from "./states.part.as";

/** Planes e W0 and W3 e of a tile of the current group. */
// @ts-ignore: decorator
@inline
export function directionsOf(net: Net, s: Scratch, tile: i32): usize {
  return net.probed ? s.directions + <usize>tile * 2 * planeBytes(net) : net.unitDirections;
}

/** Writes the probes of some rows as planes, and their products with the weights. */
export function prepareProbes(job: Job, s: Scratch, first: i32, rows: i32): void {
  const net: Net = job;
  if (!net.probed) return;
  const dims = net.dims;
  const narrowBytes = <usize>dims * LANE_BYTES;
  const tiles = tilesOf(rows);
  const from = job.probes + <usize>(first * dims) * 4;
  gatherRows(from, rows, dims, s.probes, <usize>tiles * narrowBytes, false);
  for (let tile = 0; tile < tiles; tile++) {
    probeDirections(net, s.probes + <usize>tile * narrowBytes, directionsOf(net, s, tile));
  }
}
