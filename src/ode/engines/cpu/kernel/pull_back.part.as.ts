import {
  activationPlanes,
  addListed,
  listOuterProducts,
  planeBytes,
  pullBackVelocity,
  stagePlanes,
  timeBias,
} from "../../../../ops/mlp_field/simd.part.as";
import { LANE_BYTES, LANES, Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { directionsOf, prepareProbes } from "./directions.part.as";
import { addKinetic, pullBackTrace, recomputeStage } from "./energies.part.as";
import { COLUMN_BYTES, Job } from "../job.layout.part.as";
import { isStopped } from "./progress.part.as";
import { recordedActivations, recordHead, StepRecord } from "./records.part.as";
import { Scratch, tilesOf } from "./scratch.part.as";
import { combine, gatherRows, narrow, scatterRows } from "./states.part.as";
import { isTraced, stageWeight, usedStages, weight } from "./tableau.part.as";

/** Direct gradient: replays recorded steps backwards, tile by tile. */

export function pullBackTile(
  job: Job,
  s: Scratch,
  group: i32,
  place: i32,
  first: i32,
  rows: i32,
  gradient: usize,
): void {
  const width = job.width;
  const offset = <usize>(first * width) * 4;
  const tileBytes = <usize>width * COLUMN_BYTES;
  const groupRows = min(
    job.groupRows,
    job.rows - group * job.groupRows,
  );
  s.stateBytes = <usize>tilesOf(groupRows) * tileBytes;
  gatherRows(job.cotangent + offset, rows, width, s.cotangent, tileBytes, true);
  prepareProbes(job, s, first, rows);
  let at = <usize>load<u32>(job.lastRecords + <usize>group * 4);
  while (at && !isStopped(job)) {
    const record = changetype<StepRecord>(at);
    pullBackStep(job, s, record, place, gradient);
    at = record.before;
  }
  scatterRows(s.cotangent, rows, width, job.ofY0 + offset);
}

/** The VJP of one step of one tile, as in solver/replay.ts. */
function pullBackStep(job: Job, s: Scratch, record: StepRecord, place: i32, gradient: usize): void {
  const net: Net = job;
  const dims = net.dims, width = job.width;
  const used = usedStages(job);
  const plane = planeBytes(net);
  const narrowBytes = <usize>dims * LANE_BYTES;
  const tileBytes = <usize>width * COLUMN_BYTES;
  const zBytes = <usize>dims * COLUMN_BYTES;
  const hasTrace = width > dims;
  const t = record.t, h = record.h;
  const y = changetype<usize>(record) + recordHead(used) + <usize>place * tileBytes;
  const slopes = y + s.stateBytes;
  const directions = directionsOf(net, s, 0);
  const actBytes = <usize>activationPlanes(net, hasTrace) * plane;
  const stageBytes = <usize>stagePlanes(net) * plane;
  const cotangent = s.cotangent;

  for (let stage = 0; stage < used; stage++) {
    const x = s.x + <usize>stage * narrowBytes;
    let state = y;
    if (stage > 0) {
      state = s.spareState;
      combine(job, y, h, 3 + stage, stage, slopes, s.stateBytes, zBytes, state);
    }
    narrow(state, dims, x);
    const b = weight(job, 1, stage);
    const traced = hasTrace && b != 0;
    const act = actOf(s, record, place, stage, actBytes, plane);
    if (!recordedActivations(record, stage)) {
      timeBias(net, t + weight(job, 0, stage) * h, s.bias);
      recomputeStage(job, s, x, act, directions, traced);
    }
    if (!traced) continue;
    const at = s.stage + <usize>stage * stageBytes;
    pullBackTrace(job, s, h, b, cotangent + zBytes, act, directions, s.probes, at, s.lanes);
  }

  let listed: usize = 0;
  for (let stage = used - 1; stage >= 0; stage--) {
    const b = weight(job, 1, stage);
    const traced = hasTrace && b != 0;
    const act = actOf(s, record, place, stage, actBytes, plane);
    const at = s.stage + <usize>stage * stageBytes;
    const a = s.f;
    for (let i: usize = 0; i < <usize>(dims * LANES); i++) {
      let sum = b != 0 ? b * load<f64>(cotangent + i * 8) : 0;
      for (let later = stage + 1; later < used; later++) {
        const w = stageWeight(job, later, stage);
        if (w != 0) sum += w * load<f64>(s.pulled + <usize>later * tileBytes + i * 8);
      }
      store<f32>(a + i * 4, <f32>(sum * h));
    }
    if (traced) {
      const f = slopes + <usize>stage * s.stateBytes;
      addKinetic(job, h * b, cotangent + zBytes, f, a);
    }
    const ofX = s.spare + 2 * plane;
    const x = s.x + <usize>stage * narrowBytes;
    pullBackVelocity(net, act, x, a, at, traced, s.spare, s.lanes, ofX);
    for (let i: usize = 0; i < <usize>(dims * LANES); i++) {
      store<f64>(s.pulled + <usize>stage * tileBytes + i * 8, <f64>load<f32>(ofX + i * 4));
    }
    listed += listOuterProducts(net, act, at, traced, s.ofW1 + listed, s.ofW2 + listed);
  }
  addListed(net, s.ofW1, s.ofW2, listed, gradient, s.outer);
  for (let i: usize = 0; i < <usize>(dims * LANES); i++) {
    let sum: f64 = 0;
    for (let stage = 0; stage < used; stage++) {
      sum += load<f64>(s.pulled + <usize>stage * tileBytes + i * 8);
    }
    store<f64>(cotangent + i * 8, load<f64>(cotangent + i * 8) + sum);
  }
}

/** Address of a stage's activations of a tile: in the record, or in the buffer for recomputed ones. */
function actOf(
  s: Scratch,
  record: StepRecord,
  place: i32,
  stage: i32,
  actBytes: usize,
  plane: usize,
): usize {
  const kept = recordedActivations(record, stage);
  if (!kept) return s.act + <usize>stage * actBytes;
  const bytes = isTraced(s, stage) ? actBytes : 3 * plane;
  return kept + <usize>place * bytes;
}
