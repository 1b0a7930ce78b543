import {
  activationPlanes,
  parameterCount,
  planeBytes,
} from "../../../../ops/mlp_field/simd.part.as";
import { LANE_BYTES, LANES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import {
  addLanes,
  addListed,
  lanesBytes,
  listNarrowProducts,
  listOuterProducts,
  stageBytes,
} from "../../../../ops/mlp_field/simd_gradients.part.as";
import { recomputeTwo } from "../../../../ops/mlp_field/simd_pairs.part.as";
import { pullBackVelocity } from "../../../../ops/mlp_field/simd_pull_back.part.as";
import { directionsOf, prepareProbes } from "./directions.part.as";
import { addKinetic, pullBackTrace, recomputeStage, traceCotangents } from "./energies.part.as";
import { COLUMN_BYTES, Job, noFailure, Report } from "../job.layout.part.as";
import { isStopped, takeItem } from "./progress.part.as";
import { recordedActivations, recordHead, StepRecord } from "./records.part.as";
import { biasAt, Scratch, tilesOf } from "./scratch.part.as";
import { combine, gatherRows, narrow, scatterRows } from "./states.part.as";
import { isTraced, stageWeight, usedStages, weight } from "./tableau.part.as";

/**
 * Direct gradient: replays recorded steps backwards, tile by tile. A thread does so for the tiles of one
 * partial sum, or of two side by side, which load each weight once; the bits are the same.
 */

/** Offset of a {@link SumPullBack} in a thread's scratch memory. */
const PULL_BACK_AT: usize = 256;

/** The pull-back of a partial sum's tiles: the current one, and its step to be pulled back next. */
@unmanaged
class SumPullBack {
  /** -1: none yet. */
  sum: i32;
  /** The next sum; -1: whichever is left. */
  next: i32;
  tile: i32;
  gradient: usize;
  /** 1 while the cotangent is that of the tile's rows. */
  begun: i32;
  /** Place of the tile in its group. */
  place: i32;
  first: i32;
  rows: i32;
  /** Step, or 0 if none is left. */
  record: usize;
  /** Bytes of the lists of outer products. */
  listed: usize;
  narrowListed: usize;
}

function pullBackOf(s: Scratch): SumPullBack {
  return changetype<SumPullBack>(changetype<usize>(s) + PULL_BACK_AT);
}

/**
 * Pulls tiles back until none is left, those of two partial sums at a time if there are two memories.
 *
 * @param first, second -1: takes the job's sums; otherwise these alone, if they are below its number.
 */
export function pullBackSums(
  job: Job,
  s: Scratch,
  other: Scratch,
  isTwo: bool,
  first: i32,
  second: i32,
): void {
  beginSums(job, s, first);
  if (isTwo) beginSums(job, other, second);
  while (true) {
    const has = findStep(job, s), hasOther = isTwo && findStep(job, other);
    if (has && hasOther) pullBackSteps(job, s, other, 2);
    else if (has) pullBackSteps(job, s, s, 1);
    else if (hasOther) pullBackSteps(job, other, other, 1);
    else return;
  }
}

function beginSums(job: Job, s: Scratch, next: i32): void {
  const p = pullBackOf(s);
  p.sum = -1;
  p.next = next;
  p.listed = 0;
  p.narrowListed = 0;
  memory.fill(s.lanes, 0, <usize>lanesBytes(job));
}

/** Ends and begins tiles and sums until there is a step; false if none is left. */
function findStep(job: Job, s: Scratch): bool {
  const p = pullBackOf(s), size = parameterCount(job), sums = job.partialSums;
  const tilesOfGroup = tilesOf(job.groupRows);
  const tiles = (job.rows + job.groupRows - 1) / job.groupRows * tilesOfGroup;
  if (p.sum >= sums) return false;
  while (p.sum < 0 || !p.record) {
    if (isStopped(job)) return false;
    if (p.sum >= 0 && p.begun) {
      scatterRows(s.cotangent, p.rows, job.width, job.ofY0 + <usize>(p.first * job.width) * 4);
    }
    p.begun = 0;
    if (p.sum >= 0) p.tile += sums;
    if (p.sum < 0 || p.tile >= tiles) {
      if (p.sum >= 0) addLanes(job, s.lanes, p.gradient);
      p.sum = p.next < 0 ? takeItem(job) : p.next;
      if (p.next >= 0) p.next = sums;
      p.record = 0;
      if (p.sum >= sums) return false;
      p.tile = p.sum;
      p.gradient = job.gradients + <usize>(p.sum * size) * 4;
      memory.fill(p.gradient, 0, <usize>size * 4);
    }
    beginTile(job, s, p);
  }
  return !isStopped(job);
}

function beginTile(job: Job, s: Scratch, p: SumPullBack): void {
  const width = job.width, tilesOfGroup = tilesOf(job.groupRows);
  const tileBytes = <usize>width * COLUMN_BYTES;
  const group = p.tile / tilesOfGroup, place = p.tile % tilesOfGroup;
  const end = min((group + 1) * job.groupRows, job.rows);
  p.place = place;
  p.first = group * job.groupRows + place * LANES;
  p.rows = min(LANES, end - p.first);
  p.record = 0;
  // A smaller last group has fewer tiles.
  if (p.rows <= 0) return;
  p.begun = 1;
  p.record = <usize>load<u32>(job.lastRecords + <usize>group * 4);
  if (job.cotangentRule) {
    const report = changetype<Report>(job.reports + <usize>group * offsetof<Report>());
    if (report.failure != noFailure) p.record = 0;
    writeCotangents(job, p.first, p.rows);
  }
  s.stateBytes = <usize>tilesOf(end - group * job.groupRows) * tileBytes;
  gatherRows(job.cotangent + <usize>(p.first * width) * 4, p.rows, width, s.cotangent, tileBytes, true);
  prepareProbes(job, s, p.first, p.rows);
}

/** Writes the cotangents of rows by the rule of the job. */
function writeCotangents(job: Job, first: i32, rows: i32): void {
  const width = job.width, offset = <usize>(first * width) * 4;
  let from = job.y1 + offset, to = job.cotangent + offset;
  for (let row = 0; row < rows; row++) {
    let rule = job.cotangentRule;
    for (let column = 0; column < width; column++, from += 4, to += 4, rule += 4) {
      const slope = load<f32>(rule), constant = load<f32>(rule + <usize>width * 4);
      store<f32>(to, slope * load<f32>(from) + constant);
    }
  }
}

/** The VJP of one step of one or two tiles, as in solver/replay.ts. */
function pullBackSteps(job: Job, s: Scratch, other: Scratch, tiles: i32): void {
  const net: Net = job;
  const hasTrace = job.width > net.dims, used = usedStages(job);
  const stride = changetype<usize>(other) - changetype<usize>(s);
  const directions = directionsOf(net, s, 0), directionStride = directionsOf(net, other, 0) - directions;
  for (let stage = 0; stage < used; stage++) {
    const traced = hasTrace && weight(job, 1, stage) != 0;
    findActivations(job, s, other, tiles, stage, traced);
    if (!traced) continue;
    const act = actOf(job, s, stage), actStride = actOf(job, other, stage) - act;
    writeTraceCotangents(job, s, stage);
    if (tiles == 2) writeTraceCotangents(job, other, stage);
    const at = stageOf(net, s, stage);
    pullBackTrace(
      job,
      s,
      tiles,
      stride,
      act,
      actStride,
      directions,
      directionStride,
      s.probes,
      at,
      s.lanes,
    );
  }
  for (let stage = used - 1; stage >= 0; stage--) {
    const traced = hasTrace && weight(job, 1, stage) != 0;
    const act = actOf(job, s, stage), actStride = actOf(job, other, stage) - act;
    const at = stageOf(net, s, stage), x = inputOf(net, s, stage);
    writeVelocityCotangents(job, s, stage, traced);
    if (tiles == 2) writeVelocityCotangents(job, other, stage, traced);
    pullBackVelocity(net, tiles, stride, act, actStride, x, s.f, at, traced, s.spare, s.lanes, s.ofX);
    endStage(job, s, stage, traced);
    if (tiles == 2) endStage(job, other, stage, traced);
  }
  endStep(job, s);
  if (tiles == 2) endStep(job, other);
}

// @ts-ignore: decorator
@inline
function recordOf(s: Scratch): StepRecord {
  return changetype<StepRecord>(pullBackOf(s).record);
}

/** The state of the tile at the start of the step, in its record. */
function recordedState(job: Job, s: Scratch): usize {
  const p = pullBackOf(s);
  return p.record + recordHead(usedStages(job)) + <usize>(p.place * job.width) * COLUMN_BYTES;
}

// @ts-ignore: decorator
@inline
function inputOf(net: Net, s: Scratch, stage: i32): usize {
  return s.x + <usize>(stage * net.dims) * LANE_BYTES;
}

// @ts-ignore: decorator
@inline
function stageOf(net: Net, s: Scratch, stage: i32): usize {
  return s.stage + <usize>stage * <usize>stageBytes(net);
}

/** Address of a stage's activations of the tile: in the record, or in the buffer for recomputed ones. */
function actOf(job: Job, s: Scratch, stage: i32): usize {
  const net: Net = job, plane = planeBytes(net);
  const kept = recordedActivations(recordOf(s), stage);
  const bytes = <usize>activationPlanes(net, job.width > net.dims) * plane;
  if (!kept) return s.act + <usize>stage * bytes;
  return kept + <usize>pullBackOf(s).place * (isTraced(s, stage) ? bytes : 3 * plane);
}

/** Writes a stage's inputs, and recomputes the activations that were not kept. */
function findActivations(
  job: Job,
  s: Scratch,
  other: Scratch,
  tiles: i32,
  stage: i32,
  traced: bool,
): void {
  const net: Net = job;
  const lacks = writeInput(job, s, stage), otherLacks = tiles == 2 && writeInput(job, other, stage);
  if (lacks && otherLacks) {
    recomputeTwo(
      net,
      traced,
      s.bias,
      inputOf(net, s, stage),
      actOf(job, s, stage),
      directionsOf(net, s, 0),
      s.spare,
      other.bias,
      inputOf(net, other, stage),
      actOf(job, other, stage),
      directionsOf(net, other, 0),
    );
  } else if (lacks) recomputeOne(job, s, stage, traced);
  else if (otherLacks) recomputeOne(job, other, stage, traced);
}

function recomputeOne(job: Job, s: Scratch, stage: i32, traced: bool): void {
  const x = inputOf(job, s, stage);
  recomputeStage(job, s, x, actOf(job, s, stage), directionsOf(job, s, 0), traced);
}

/** Writes a stage's input; and its bias if the activations were not kept, and returns true. */
function writeInput(job: Job, s: Scratch, stage: i32): bool {
  const dims = job.dims, record = recordOf(s), h = record.h;
  const y = recordedState(job, s);
  let state = y;
  if (stage > 0) {
    state = s.spareState;
    const zBytes = <usize>dims * COLUMN_BYTES;
    combine(job, y, h, 3 + stage, stage, y + s.stateBytes, s.stateBytes, zBytes, state);
  }
  narrow(state, dims, inputOf(job, s, stage));
  if (recordedActivations(record, stage)) return false;
  biasAt(job, s, record.t + weight(job, 0, stage) * h);
  return true;
}

function writeTraceCotangents(job: Job, s: Scratch, stage: i32): void {
  const parts = s.cotangent + <usize>job.dims * COLUMN_BYTES;
  traceCotangents(job, recordOf(s).h, weight(job, 1, stage), parts, s.f);
}

/** Writes the cotangents of a stage's velocity to `f`. */
function writeVelocityCotangents(job: Job, s: Scratch, stage: i32, traced: bool): void {
  const dims = job.dims, used = usedStages(job), h = recordOf(s).h;
  const tileBytes = <usize>job.width * COLUMN_BYTES, cotangent = s.cotangent;
  const b = weight(job, 1, stage), scale = f64x2.splat(h), first = f64x2.splat(b);
  for (let i: usize = 0, end = <usize>dims * COLUMN_BYTES; i < end; i += 16) {
    let sum = b != 0 ? f64x2.mul(first, v128.load(cotangent + i)) : f64x2.splat(0);
    let pulled = s.pulled + <usize>(stage + 1) * tileBytes + i;
    for (let later = stage + 1; later < used; later++, pulled += tileBytes) {
      const w = stageWeight(job, later, stage);
      if (w != 0) sum = f64x2.add(sum, f64x2.mul(f64x2.splat(w), v128.load(pulled)));
    }
    v128.store64_lane(s.f + (i >> 1), f32x4.demote_f64x2_zero(f64x2.mul(sum, scale)), 0);
  }
  if (!traced) return;
  const f = recordedState(job, s) + <usize>(1 + stage) * s.stateBytes;
  addKinetic(job, h * b, cotangent + <usize>dims * COLUMN_BYTES, f, s.f);
}

/** Keeps the cotangents of a stage's input, and lists its outer products. */
function endStage(job: Job, s: Scratch, stage: i32, traced: bool): void {
  const net: Net = job, p = pullBackOf(s);
  const pulled = s.pulled + <usize>(stage * job.width) * COLUMN_BYTES;
  for (let i: usize = 0, end = <usize>net.dims * LANE_BYTES; i < end; i += 8) {
    v128.store(pulled + 2 * i, f64x2.promote_low_f32x4(v128.load64_zero(s.ofX + i)));
  }
  const act = actOf(job, s, stage), at = stageOf(net, s, stage);
  const listed = p.listed, narrowListed = p.narrowListed;
  p.listed += listOuterProducts(net, act, at, traced, s.ofW1 + listed, s.ofW2 + listed);
  p.narrowListed += listNarrowProducts(
    net,
    act,
    at,
    traced,
    s.probes,
    s.ofW0 + narrowListed,
    s.ofW3 + narrowListed,
  );
}

/** Adds a step's outer products to the gradient, and goes on to the step before it. */
function endStep(job: Job, s: Scratch): void {
  const net: Net = job, p = pullBackOf(s), used = usedStages(job);
  const tileBytes = <usize>job.width * COLUMN_BYTES, cotangent = s.cotangent;
  addListed(net, s.ofW0, s.ofW1, s.ofW2, s.ofW3, p.listed, p.narrowListed, p.gradient, s.outer);
  p.listed = 0;
  p.narrowListed = 0;
  for (let i: usize = 0, end = <usize>net.dims * COLUMN_BYTES; i < end; i += 16) {
    let sum = f64x2.splat(0);
    for (let stage = 0; stage < used; stage++) {
      sum = f64x2.add(sum, v128.load(s.pulled + <usize>stage * tileBytes + i));
    }
    v128.store(cotangent + i, f64x2.add(v128.load(cotangent + i), sum));
  }
  p.record = recordOf(s).before;
}
