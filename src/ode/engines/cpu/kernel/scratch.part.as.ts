import { activationPlanes, planeBytes, timeBiases } from "../../../../ops/mlp_field/simd.part.as";
import { lanesBytes, listedBytes, narrowProducts, stageBytes } from "../../../../ops/mlp_field/simd_gradients.part.as";
import { LANE_BYTES, LANES, Net, PAIR_BYTES } from "../../../../ops/mlp_field/net.layout.part.as";
import { COLUMN_BYTES, HEAD_BYTES, Job, MOST_KEPT_TILES } from "../job.layout.part.as";

/**
 * The scratch memory of a thread. A group's state is stored tile by tile, [tiles][width][8]: rows
 * are SIMD lanes, and lanes beyond the group's last row are zero.
 */

/** Addresses in a thread's scratch memory. */
@unmanaged
export class Scratch {
  /** Address of the next record, and the end of its chunk. */
  free: usize;
  end: usize;
  /** That chunk, and the first one of these records; each links to the next. */
  chunk: usize;
  firstChunk: usize;
  /** float64 states of a group at the start and at the end of a step. */
  y: usize;
  y1: usize;
  /** Stage input, unless that is y1; later the argument of the norm. */
  spareState: usize;
  /** Slopes of the stages, and one more at the end of the step. */
  slopes: usize;
  /** Bytes per state. */
  stateBytes: usize;
  /** int32 [stages]: 1 where a stage needs the trace. */
  traced: usize;
  /** uint32 [stages]: activation buffers of the current step's stages, or 0. */
  kept: usize;
  /** [hidden]: the bias of the first layer at {@link Scratch.biasTime}. */
  bias: usize;
  /** Planes [dims], one per stage. */
  x: usize;
  /** Velocity and divergence of a tile; with energies these and a plane [dims] too. */
  f: usize;
  /** Three planes. */
  spare: usize;
  /** Cotangent of x, a plane [dims]. */
  ofX: usize;
  /** Scratch of the outer products. */
  outer: usize;
  /** Activations of a tile, one set per stage. */
  act: usize;
  /** Planes e W0 and W3 e of each tile's probes, and the probes themselves as planes [dims]. */
  directions: usize;
  probes: usize;
  /** Planes of the pull-back. */
  stage: usize;
  lanes: usize;
  /** Intermediate results of the adjoint's slopes for the quadrature, {@link adjointBytes} per stage and tile; a single set for large groups. */
  adjoint: usize;
  /** The flat gradient to which an adjoint solve adds; 0 in other solves. */
  gradient: usize;
  /** Lists of outer products. */
  ofW0: usize;
  ofW1: usize;
  ofW2: usize;
  ofW3: usize;
  /** float64 [stages][width][8] and [width][8]: cotangents. */
  pulled: usize;
  cotangent: usize;
  /** NaN: of no time. */
  biasTime: f64;
}

/** Number of tiles of a full group. */
export function tilesOf(rows: i32): i32 {
  return (rows + LANES - 1) / LANES;
}

/**
 * Lays out a thread's scratch memory at `base` by the rules of job_sizes.ts. Traps before anything
 * is written if the number of bytes differs from the host program's.
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
  s.chunk = 0;
  s.firstChunk = 0;
  s.gradient = 0;
  s.biasTime = NaN;
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
  at += narrow + LANE_BYTES + (job.energies ? narrow + 2 * LANE_BYTES : 0);
  s.spare = placeAt(base, at);
  at += 3 * plane;
  s.ofX = placeAt(base, at);
  at += pulls ? narrow : 0;
  s.outer = placeAt(base, at);
  at += pulls ? listedBytes(net, <i32>stages) : 0;
  s.act = placeAt(base, at);
  at += stageSets * <u64>activationPlanes(net, net.directions > 0) * plane;
  s.directions = placeAt(base, at);
  at += net.probed ? tiles * 2 * plane : 0;
  s.probes = placeAt(base, at);
  at += net.probed ? tiles * narrow : 0;
  s.stage = placeAt(base, at);
  at += pulls ? stages * stageBytes(net) : (stages * 8 + 8 + 15) & ~15;
  s.lanes = placeAt(base, at);
  at += pulls ? lanesBytes(net) : 0;
  s.adjoint = placeAt(base, at);
  if (job.adjoint) {
    at += adjointBytes(net) * (keepsAdjoint(job) ? (stages + 1) * tiles : 1);
  }
  const lists: u64 = pulls ? stages * <u64>(1 + net.directions) * PAIR_BYTES : 0;
  const narrowLists: u64 = pulls ? stages * <u64>narrowProducts(net) * PAIR_BYTES : 0;
  s.ofW0 = placeAt(base, at);
  at += narrowLists;
  s.ofW3 = placeAt(base, at);
  at += narrowLists;
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

/** The bias of the first layer at time t, in `s.bias`; it is kept for a following stage of the same time. */
export function biasAt(net: Net, s: Scratch, t: f64): void {
  biasesAt(net, s, t, s, t);
}

/** {@link biasAt} of two groups, each with its time. */
export function biasesAt(net: Net, s: Scratch, t: f64, other: Scratch, u: f64): void {
  if (t == s.biasTime && u == other.biasTime) return;
  timeBiases(net, t, s.bias, u, other.bias);
  s.biasTime = t;
  other.biasTime = u;
}

/** Whether the quadrature reuses intermediate results of the slopes; otherwise it recomputes them. */
export function keepsAdjoint(job: Job): bool {
  return tilesOf(min(job.groupRows, job.rows)) <= MOST_KEPT_TILES;
}

/** Bytes per tile of activations, planes of the pull-back, and per-lane sums. */
export function adjointBytes(net: Net): u64 {
  const act = <u64>activationPlanes(net, net.directions > 0) * <u64>planeBytes(net);
  return act + stageBytes(net) + lanesBytes(net);
}
