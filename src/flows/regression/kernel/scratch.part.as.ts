import { planeBytes } from "../../../ops/mlp_field/simd.part.as";
import { LANE_BYTES, Net, OUTER_BYTES } from "../../../ops/mlp_field/net.layout.part.as";
import { DRAWN_BYTES, DRAWN_WORDS, Regression } from "../regression.layout.part.as";

/** A thread's scratch memory, and the planes of a tile. Sizes as counted in regression_sizes.ts. */

/** Addresses in a thread's scratch memory. */
@unmanaged
export class Scratch {
  /** Two planes of the hidden layers: time embeddings, then cotangents. */
  spare: usize;
  /** Two planes [dims]: velocities. */
  f: usize;
  /** Buffer of the outer products. */
  outer: usize;
  /** Random words and what becomes of them. */
  words: usize;
}

/** Bytes reserved for {@link Scratch}. */
const HEAD_BYTES: u64 = 64;

/** Lays the scratch memory out; traps if its size differs from the host program's. */
export function layScratch(job: Regression, base: usize): Scratch {
  const net: Net = job, s = changetype<Scratch>(base);
  let at = HEAD_BYTES;
  s.spare = base + <usize>at;
  at += 2 * <u64>planeBytes(net);
  s.outer = base + <usize>at;
  at += OUTER_BYTES;
  s.words = base + <usize>at;
  at += DRAWN_WORDS * DRAWN_BYTES;
  s.f = base + <usize>at;
  at += 2 * <u64>net.dims * LANE_BYTES;
  if (((at + 127) & ~127) != <u64>job.scratchBytes) unreachable();
  return s;
}

/** Planes of a tile: h1, h2, h3, the cotangents before each tanh, then x and the output's cotangent. */
export function tileBytes(net: Net): u64 {
  const bytes = 6 * <u64>planeBytes(net) + 2 * <u64>net.dims * LANE_BYTES;
  // An odd number of cache lines, or the same planes of all tiles would share a few sets of the L1.
  return ((bytes / 64) | 1) * 64;
}

/** Address of a tile of the current chunk. */
// @ts-ignore: decorator
@inline
export function tileAt(job: Regression, tile: i32): usize {
  return job.tiles + <usize>(tile - job.firstTile) * <usize>job.tileBytes;
}

/** Planes of a tile's activations: h1, h2, h3. */
// @ts-ignore: decorator
@inline
export function cotangentsOf(net: Net, tile: usize): usize {
  return tile + 3 * planeBytes(net);
}

/** Plane [dims] of a tile's points. */
// @ts-ignore: decorator
@inline
export function pointsOf(net: Net, tile: usize): usize {
  return tile + 6 * planeBytes(net);
}

/** Plane [dims] of a tile's targets, which its cotangents replace. */
// @ts-ignore: decorator
@inline
export function outputOf(net: Net, tile: usize): usize {
  return pointsOf(net, tile) + <usize>net.dims * LANE_BYTES;
}
