import {
  activationPlanes,
  addListed,
  evaluate,
  lanesBytes,
  listOuterProducts,
  planeBytes,
  pullBackVelocity,
  stagePlanes,
  timeBias,
} from "../../../../ops/mlp_field/simd.part.as";
import { evaluateWithEnergies } from "../../../../ops/mlp_field/simd_energies.part.as";
import { LANE_BYTES, LANES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { COLUMN_BYTES, Job } from "../job.layout.part.as";
import { directionsOf } from "./directions.part.as";
import { addKinetic, pullBackTrace, recomputeStage } from "./energies.part.as";
import { isStopped } from "./progress.part.as";
import { adjointBytes, keepsAdjoint, Scratch, tilesOf } from "./scratch.part.as";
import { combine, narrow } from "./states.part.as";
import { weight } from "./tableau.part.as";

/**
 * The continuous adjoint (solver/adjoint.ts): slopes of (y, a), backwards in time, and the
 * quadrature that accumulates the parameter cotangent after each accepted step.
 */

/** d(y, a)/dt = (f, -(df/dy)^T a) of all tiles of a group at time t. */
export function adjointSlopesAt(
  job: Job,
  s: Scratch,
  rows: i32,
  t: f64,
  state: usize,
  out: usize,
): void {
  const net: Net = job;
  const dims = net.dims, width = job.width;
  const hasTrace = net.directions > 0;
  const half = <usize>(width / 2) * COLUMN_BYTES;
  const finite = dims * LANES;
  const ofX = s.spare + 2 * planeBytes(net);
  const actBytes = <usize>activationPlanes(net, hasTrace) * planeBytes(net);
  const stageBytes = <usize>stagePlanes(net) * planeBytes(net);
  const tiles = tilesOf(rows);
  const keeps = keepsAdjoint(job);
  // The address of the slopes determines the stage.
  const index = keeps ? (out - s.slopes) / s.stateBytes * <usize>tiles : 0;
  let act = s.adjoint + index * <usize>adjointBytes(net);
  timeBias(net, t, s.bias);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    const directions = directionsOf(net, s, tile);
    const stage = act + actBytes, lanes = stage + stageBytes;
    narrow(state, dims, s.x);
    memory.fill(lanes, 0, <usize>lanesBytes(net));
    if (hasTrace && job.energies) {
      evaluateWithEnergies(net, s.bias, s.x, act, directions, s.spare, s.f);
    } else evaluate(net, s.bias, s.x, act, directions, s.spare, hasTrace, s.f);
    for (let i = 0; i < finite; i++) {
      store<f64>(out + <usize>i * 8, <f64>load<f32>(s.f + <usize>i * 4));
    }
    if (hasTrace) {
      for (let i = finite; i < finite + LANES; i++) {
        store<f64>(out + <usize>i * 8, -<f64>load<f32>(s.f + <usize>i * 4));
      }
      for (let i = finite + LANES; i < width / 2 * LANES; i++) {
        store<f64>(out + <usize>i * 8, <f64>load<f32>(s.f + <usize>i * 4));
      }
      memory.fill(out + half + <usize>finite * 8, 0, half - <usize>finite * 8);
    }
    pullBackCotangent(job, s, tile, state + half, 1, s.x, out, act, stage, lanes);
    for (let i = 0; i < finite; i++) {
      store<f64>(out + half + <usize>i * 8, -<f64>load<f32>(ofX + <usize>i * 4));
    }
    if (keeps) act += <usize>adjointBytes(net);
    state += 2 * half;
    out += 2 * half;
  }
}

/**
 * VJP of a stage with given activations and slope `f`, for `scale` times the cotangents of a tile's
 * state. The cotangent of x is written to the third plane of `s.spare`.
 */
function pullBackCotangent(
  job: Job,
  s: Scratch,
  tile: i32,
  cotangent: usize,
  scale: f64,
  x: usize,
  f: usize,
  act: usize,
  stage: usize,
  lanes: usize,
): void {
  const net: Net = job;
  const dims = net.dims;
  const hasTrace = net.directions > 0;
  const finite = dims * LANES;
  const parts = cotangent + <usize>dims * COLUMN_BYTES;
  if (hasTrace) {
    const probes = s.probes + <usize>(tile * dims) * LANE_BYTES;
    pullBackTrace(job, s, scale, 1, parts, act, directionsOf(net, s, tile), probes, stage, lanes);
  }
  for (let i = 0; i < finite; i++) {
    store<f32>(s.f + <usize>i * 4, <f32>(scale * load<f64>(cotangent + <usize>i * 8)));
  }
  addKinetic(job, scale, parts, f, s.f);
  const ofX = s.spare + 2 * planeBytes(net);
  pullBackVelocity(net, act, x, s.f, stage, hasTrace, s.spare, lanes, ofX);
}

/** Adds -h b_i (df/dtheta)^T a for every stage of the current step; h is negative. */
export function addQuadrature(job: Job, s: Scratch, rows: i32, t: f64, h: f64): void {
  const net: Net = job;
  const dims = net.dims, width = job.width, stages = job.stages;
  const hasTrace = net.directions > 0;
  const plane = planeBytes(net);
  const tileBytes = <usize>width * COLUMN_BYTES;
  const actBytes = <usize>activationPlanes(net, hasTrace) * plane;
  const stageBytes = <usize>stagePlanes(net) * plane;
  const tiles = tilesOf(rows);
  const keeps = keepsAdjoint(job);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    const y = s.y + <usize>tile * tileBytes, slopes = s.slopes + <usize>tile * tileBytes;
    let listed: usize = 0;
    for (let stage = 0; stage < stages; stage++) {
      const b = weight(job, 1, stage);
      if (b == 0) continue;
      if (keeps) {
        const kept = s.adjoint + <usize>(stage * tiles + tile) * <usize>adjointBytes(net);
        const at = kept + actBytes;
        scaleCotangents(net, <f32>(-h * b), at, at + stageBytes, s.lanes);
        listed += listOuterProducts(net, kept, at, hasTrace, s.ofW1 + listed, s.ofW2 + listed);
        continue;
      }
      let state = y;
      if (stage > 0) {
        state = s.spareState;
        combine(job, y, h, 3 + stage, stage, slopes, s.stateBytes, tileBytes, state);
      }
      const x = s.x + <usize>(stage * dims) * LANE_BYTES;
      const act = s.act + <usize>stage * actBytes, at = s.stage + <usize>stage * stageBytes;
      narrow(state, dims, x);
      timeBias(net, t + weight(job, 0, stage) * h, s.bias);
      recomputeStage(job, s, x, act, directionsOf(net, s, tile), hasTrace);
      const cotangent = state + <usize>(width / 2) * COLUMN_BYTES;
      const f = slopes + <usize>stage * s.stateBytes;
      pullBackCotangent(job, s, tile, cotangent, -h * b, x, f, act, at, s.lanes);
      listed += listOuterProducts(net, act, at, hasTrace, s.ofW1 + listed, s.ofW2 + listed);
    }
    addListed(net, s.ofW1, s.ofW2, listed, s.gradient, s.outer);
  }
}

/**
 * Multiplies the operands of the outer products that a pull-back left in `stage` by `scale`, since
 * they are linear in the cotangents, and adds `scale` times its `sums` to `lanes`.
 */
function scaleCotangents(net: Net, scale: f32, stage: usize, sums: usize, lanes: usize): void {
  const plane = planeBytes(net), factor = f32x4.splat(scale);
  scalePlanes(stage, 2 * plane, factor);
  for (let k = 0; k < net.directions; k++) {
    // Cotangents of v2 and u.
    scalePlanes(stage + <usize>(6 + 4 * k) * plane, 2 * plane, factor);
  }
  const end = sums + <usize>lanesBytes(net);
  for (; sums < end; sums += 32, lanes += 32) {
    const sum0 = f32x4.add(v128.load(lanes), f32x4.mul(v128.load(sums), factor));
    const sum1 = f32x4.add(v128.load(lanes, 16), f32x4.mul(v128.load(sums, 16), factor));
    v128.store(lanes, sum0);
    v128.store(lanes, sum1, 16);
  }
}

function scalePlanes(at: usize, bytes: usize, factor: v128): void {
  const end = at + bytes;
  for (; at < end; at += 32) {
    const product0 = f32x4.mul(v128.load(at), factor);
    const product1 = f32x4.mul(v128.load(at, 16), factor);
    v128.store(at, product0);
    v128.store(at, product1, 16);
  }
}
