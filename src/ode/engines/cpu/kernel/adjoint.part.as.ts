import { activationPlanes, evaluate, planeBytes } from "../../../../ops/mlp_field/simd.part.as";
import {
  addListed,
  lanesBytes,
  listNarrowProducts,
  listOuterProducts,
  scaleStage,
  stageBytes,
} from "../../../../ops/mlp_field/simd_gradients.part.as";
import { pullBackVelocity } from "../../../../ops/mlp_field/simd_pull_back.part.as";
import { evaluateWithEnergies } from "../../../../ops/mlp_field/simd_energies.part.as";
import { LANE_BYTES, LANES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { COLUMN_BYTES, Job } from "../job.layout.part.as";
import { directionsOf } from "./directions.part.as";
import { addKinetic, pullBackTrace, recomputeStage, traceCotangents } from "./energies.part.as";
import { isStopped } from "./progress.part.as";
import { adjointBytes, biasAt, keepsAdjoint, Scratch, tilesOf } from "./scratch.part.as";
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
  const ofX = s.ofX;
  const actBytes = <usize>activationPlanes(net, hasTrace) * planeBytes(net);
  const bytes = <usize>stageBytes(net);
  const tiles = tilesOf(rows);
  const keeps = keepsAdjoint(job);
  // The address of the slopes determines the stage.
  const index = keeps ? (out - s.slopes) / s.stateBytes * <usize>tiles : 0;
  let act = s.adjoint + index * <usize>adjointBytes(net);
  biasAt(net, s, t);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    const directions = directionsOf(net, s, tile);
    const stage = act + actBytes, lanes = stage + bytes;
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
 * state. The cotangent of x is written to `ofX`.
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
    traceCotangents(job, scale, 1, parts, s.f);
    pullBackTrace(job, s, 1, 0, act, 0, directionsOf(net, s, tile), 0, probes, stage, lanes);
  }
  for (let i = 0; i < finite; i++) {
    store<f32>(s.f + <usize>i * 4, <f32>(scale * load<f64>(cotangent + <usize>i * 8)));
  }
  addKinetic(job, scale, parts, f, s.f);
  pullBackVelocity(net, 1, 0, act, 0, x, s.f, stage, hasTrace, s.spare, lanes, s.ofX);
}

/** Adds -h b_i (df/dtheta)^T a for every stage of the current step; h is negative. */
export function addQuadrature(job: Job, s: Scratch, rows: i32, t: f64, h: f64): void {
  const net: Net = job;
  const dims = net.dims, width = job.width, stages = job.stages;
  const hasTrace = net.directions > 0;
  const plane = planeBytes(net);
  const tileBytes = <usize>width * COLUMN_BYTES;
  const actBytes = <usize>activationPlanes(net, hasTrace) * plane;
  const bytes = <usize>stageBytes(net);
  const tiles = tilesOf(rows);
  const keeps = keepsAdjoint(job);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    const y = s.y + <usize>tile * tileBytes, slopes = s.slopes + <usize>tile * tileBytes;
    const probes = s.probes + <usize>(tile * dims) * LANE_BYTES;
    let listed: usize = 0, narrowListed: usize = 0;
    for (let stage = 0; stage < stages; stage++) {
      const b = weight(job, 1, stage);
      if (b == 0) continue;
      if (keeps) {
        const kept = s.adjoint + <usize>(stage * tiles + tile) * <usize>adjointBytes(net);
        const at = kept + actBytes;
        const scale = <f32>(-h * b);
        scaleStage(net, scale, at);
        addScaledSums(net, scale, at + bytes, s.lanes);
        narrowListed += listNarrowProducts(
          net,
          kept,
          at,
          hasTrace,
          probes,
          s.ofW0 + narrowListed,
          s.ofW3 + narrowListed,
        );
        listed += listOuterProducts(net, kept, at, hasTrace, s.ofW1 + listed, s.ofW2 + listed);
        continue;
      }
      let state = y;
      if (stage > 0) {
        state = s.spareState;
        combine(job, y, h, 3 + stage, stage, slopes, s.stateBytes, tileBytes, state);
      }
      const x = s.x + <usize>(stage * dims) * LANE_BYTES;
      const act = s.act + <usize>stage * actBytes, at = s.stage + <usize>stage * bytes;
      narrow(state, dims, x);
      biasAt(net, s, t + weight(job, 0, stage) * h);
      recomputeStage(job, s, x, act, directionsOf(net, s, tile), hasTrace);
      const cotangent = state + <usize>(width / 2) * COLUMN_BYTES;
      const f = slopes + <usize>stage * s.stateBytes;
      pullBackCotangent(job, s, tile, cotangent, -h * b, x, f, act, at, s.lanes);
      narrowListed += listNarrowProducts(
        net,
        act,
        at,
        hasTrace,
        probes,
        s.ofW0 + narrowListed,
        s.ofW3 + narrowListed,
      );
      listed += listOuterProducts(net, act, at, hasTrace, s.ofW1 + listed, s.ofW2 + listed);
    }
    addListed(net, s.ofW0, s.ofW1, s.ofW2, s.ofW3, listed, narrowListed, s.gradient, s.outer);
  }
}

/** lanes += scale * sums, each of `lanesBytes`. */
function addScaledSums(net: Net, scale: f32, sums: usize, lanes: usize): void {
  const factor = f32x4.splat(scale);
  const end = sums + <usize>lanesBytes(net);
  for (; sums < end; sums += 32, lanes += 32) {
    const sum0 = f32x4.add(v128.load(lanes), f32x4.mul(v128.load(sums), factor));
    const sum1 = f32x4.add(v128.load(lanes, 16), f32x4.mul(v128.load(sums, 16), factor));
    v128.store(lanes, sum1, 16);
    v128.store(lanes, sum0);
  }
}
