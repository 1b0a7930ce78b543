import { activationPlanes, evaluate, planeBytes } from "../../../../ops/mlp_field/simd.part.as";
import { evaluateTwo } from "../../../../ops/mlp_field/simd_pairs.part.as";
import { evaluateWithEnergies } from "../../../../ops/mlp_field/simd_energies.part.as";
import { LANES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { adjointSlopesAt } from "./adjoint.part.as";
import { COLUMN_BYTES, Job } from "../job.layout.part.as";
import { directionsOf } from "./directions.part.as";
import { solveOf } from "./group_solve.part.as";
import { isStopped } from "./progress.part.as";
import { biasAt, biasesAt, Scratch, tilesOf } from "./scratch.part.as";
import { narrow } from "./states.part.as";

/** dy/dt of all tiles of a group at time t; activations are stored at `kept` unless that is 0. */
export function slopesAt(
  job: Job,
  s: Scratch,
  rows: i32,
  t: f64,
  state: usize,
  traced: bool,
  kept: usize,
  out: usize,
): void {
  if (job.adjoint) {
    adjointSlopesAt(job, s, rows, t, state, out);
    return;
  }
  const net: Net = job;
  const dims = net.dims, width = job.width;
  biasAt(net, s, t);
  const actBytes = <usize>activationPlanes(net, traced) * planeBytes(net);
  const tiles = tilesOf(rows);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    narrow(state, dims, s.x);
    const act = kept ? kept + <usize>tile * actBytes : s.act;
    const directions = directionsOf(net, s, tile);
    if (traced && job.energies) {
      evaluateWithEnergies(net, s.bias, s.x, act, directions, s.spare, s.f);
    } else evaluate(net, s.bias, s.x, act, directions, s.spare, traced, s.f);
    storeSlopes(job, s, traced, out);
    state += <usize>width * COLUMN_BYTES;
    out += <usize>width * COLUMN_BYTES;
  }
}

/** Writes the slopes of a tile from the field's values. */
function storeSlopes(job: Job, s: Scratch, traced: bool, out: usize): void {
  const dims = job.dims, width = job.width;
  const finite = dims * LANES;
  for (let i = 0; i < finite; i++) {
    store<f64>(out + <usize>i * 8, <f64>load<f32>(s.f + <usize>i * 4));
  }
  if (width == dims) return;
  for (let i = finite; i < finite + LANES; i++) {
    store<f64>(out + <usize>i * 8, traced ? -<f64>load<f32>(s.f + <usize>i * 4) : 0);
  }
  for (let i = finite + LANES; i < width * LANES; i++) {
    store<f64>(out + <usize>i * 8, traced ? <f64>load<f32>(s.f + <usize>i * 4) : 0);
  }
}

/** The slopes that the solve in `s` asks for. */
export function askedSlopes(job: Job, s: Scratch): void {
  const g = solveOf(s);
  slopesAt(job, s, g.rows, g.time, g.state, g.traced != 0, g.kept, g.out);
}

/**
 * The slopes that two solves of a tile each ask for, both traced or neither, with the same bits as
 * apart: products of two tiles load each weight once.
 */
export function askedSlopesOfTwo(job: Job, s: Scratch, other: Scratch): void {
  const net: Net = job;
  const g = solveOf(s), h = solveOf(other);
  const traced = g.traced != 0;
  biasesAt(net, s, g.time, other, h.time);
  narrow(g.state, net.dims, s.x);
  narrow(h.state, net.dims, other.x);
  evaluateTwo(
    net,
    traced,
    s.bias,
    s.x,
    g.kept ? g.kept : s.act,
    directionsOf(net, s, 0),
    s.spare,
    s.f,
    other.bias,
    other.x,
    h.kept ? h.kept : other.act,
    directionsOf(net, other, 0),
    other.f,
  );
  storeSlopes(job, s, traced, g.out);
  storeSlopes(job, other, traced, h.out);
}
