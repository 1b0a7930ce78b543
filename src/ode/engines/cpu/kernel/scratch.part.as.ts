import { activationPlanes, lanesBytes, planeBytes, stagePlanes } from "../../../../ops/mlp_field/simd.part.as";
import { LANE_BYTES, LANES, Net, OUTER_BYTES, PAIR_BYTES } from "../../../../ops/mlp_field/net.layout.part.as";
import { COLUMN_BYTES, HEAD_BYTES, Job, MOST_KEPT_TILES } from "../job.layout.part.as";

/**
 * The scratch memory of a thread. The state of a group lies tile after tile, [tiles][width][8]:
 * rows are lanes, and lanes beyond the group's last row are zeros.
 */

/** Where what a thread works with lies. */
@unmanaged
export class Scratch {
  /** Where the next record goes, and the end of its chunk. */
  free: usize;
  end: usize;
  /** float64 states of a group: where a step begins, and where it ends. */
  y: usize;
  y1: usize;
  /** Where a stage is evaluated, unless that is y1; then what is measured by the norm. */
  spareState: usize;
  /** Slopes of the stages, and one more. */
  slopes: usize;
  /** Bytes of a state. */
  stateBytes: usize;
  /** int32 [stages]: 1 where a stage needs the trace. */
  traced: usize;
  /** uint32 [stages]: activation buffers of the current step's stages, or 0. */
  kept: usize;
  /** [hidden]. */
  bias: usize;
  /** Planes [dims], one per stage. */
  x: usize;
  /** Velocity and divergence of a tile. */
  f: usize;
  /** Three planes. */
  spare: usize;
  /** Of the outer products. */
  outer: usize;
  /** Activations of one tile, one set per stage. */
  act: usize;
  /** Planes e W0, W3 e of each tile's probes, and before them the probes as planes [dims]. */
  directions: usize;
  probes: usize;
  /** Of the pull-back. */
  stage: usize;
  lanes: usize;
  /** What the adjoint's slopes leave for the quadrature, {@link adjointBytes} per stage and tile; one set where a group is large. */
  adjoint: usize;
  /** The flat gradient that an adjoint solve adds to; 0 in other solves. */
  gradient: usize;
  ofW1: usize;
  ofW2: usize;
  /** float64 [stages][width][8] and [width][8]: cotangents. */
  pulled: usize;
  cotangent: usize;
}

/** Tiles of a group that has all of its rows. */
export function tilesOf(rows: i32): i32 {
  return (rows + LANES - 1) / LANES;
}

/**
 * Lays a thread's scratch memory out at `base`, by the rules of job_sizes.ts. Where the number of
 * bytes is not the one that the program has counted, it traps before anything is written.
 */
export function layScratch(job: Job, base: usize): Scratch {
  const net: Net = job, s = changetype<Scratch>(base);
  const pulls = job.pulls != 0;
  const stages = <u64>job.stages, stageSets: u64 = pulls ? stages : 1;
  const tiles = <u64>tilesOf(min(job.groupRows, job.rows));
  const plane = <u64>planeBytes(net), narrow = <u64>net.dims * LANE_BYTES;
  const width = <u64>job.width;
  const state = tiles * width * COLUMN_BYTES;
  let at = <u64>HEAD_BYTES;
  s.free = 0;
  s.end = 0;
  s.gradient = 0;
  s.stateBytes = <usize>state;
  s.y = placeAt(base, at);
  at += state;
  s.y1 = placeAt(base, at);
  at += state;
  s.spareState = placeAt(base, at);
  at += state;
  s.slopes = placeAt(base, at);
  at += (stages + 1) * state;
  s.pulled = placeAt(base, at);
  at += pulls ? stages * width * COLUMN_BYTES : 0;
  s.cotangent = placeAt(base, at);
  at += pulls ? width * COLUMN_BYTES : 0;
  s.x = placeAt(base, at);
  at += stageSets * narrow;
  s.f = placeAt(base, at);
  at += narrow + LANE_BYTES;
  s.spare = placeAt(base, at);
  at += 3 * plane;
  s.outer = placeAt(base, at);
  at += OUTER_BYTES;
  s.act = placeAt(base, at);
  at += stageSets * <u64>activationPlanes(net, net.directions > 0) * plane;
  s.directions = placeAt(base, at);
  at += net.probed ? tiles * 2 * plane : 0;
  s.probes = placeAt(base, at);
  at += net.probed ? tiles * narrow : 0;
  s.stage = placeAt(base, at);
  at += pulls ? stages * <u64>stagePlanes(net) * plane : (stages * 8 + 8 + 15) & ~15;
  s.lanes = placeAt(base, at);
  at += pulls ? lanesBytes(net) : 0;
  s.adjoint = placeAt(base, at);
  if (job.adjoint) {
    at += adjointBytes(net) * (keepsAdjoint(job) ? (stages + 1) * tiles : 1);
  }
  const lists: u64 = pulls ? stages * <u64>(1 + net.directions) * PAIR_BYTES : 0;
  s.ofW1 = placeAt(base, at);
  at += lists;
  s.ofW2 = placeAt(base, at);
  at += lists;
  s.bias = placeAt(base, at);
  at += (<u64>net.hidden * 4 + 15) & ~15;
  s.traced = placeAt(base, at);
  at += stages * 4;
  s.kept = placeAt(base, at);
  at += stages * 4;
  if (((at + 127) & ~127) != <u64>job.scratchBytes) unreachable();
  return s;
}

// @ts-ignore: decorator
@inline
function placeAt(base: usize, offset: u64): usize {
  return base + <usize>offset;
}

/** Whether the quadrature finds what the slopes left; otherwise it computes it again. */
export function keepsAdjoint(job: Job): bool {
  return tilesOf(min(job.groupRows, job.rows)) <= MOST_KEPT_TILES;
}

/** Bytes of the activations of a tile, of its pull-back's planes, and of its sums in lanes. */
export function adjointBytes(net: Net): u64 {
  const planes = activationPlanes(net, net.directions > 0) + stagePlanes(net);
  return <u64>planes * <u64>planeBytes(net) + lanesBytes(net);
}
