import { Net } from "../../../../ops/mlp_field/net.layout.part.as";
import { addQuadrature } from "./adjoint.part.as";
import { writeTime, writeTimes } from "./dense_output.part.as";
import { prepareProbes } from "./directions.part.as";
import {
  COLUMN_BYTES,
  Job,
  maxStepsReached,
  noFailure,
  nonFinite,
  Report,
  stepSizeUnderflow,
} from "../job.layout.part.as";
import { isStopped } from "./progress.part.as";
import { activationBuffer, recordStep } from "./records.part.as";
import { adjointBytes, keepsAdjoint, Scratch, tilesOf } from "./scratch.part.as";
import { slopesAt } from "./slopes.part.as";
import { combine, gatherRows, norm, scatterRows } from "./states.part.as";
import {
  initialStepSize,
  LEAST_REMEMBERED_ERROR,
  nextStepSize,
  trialStepSize,
} from "./step_control.part.as";
import { isTraced, weight } from "./tableau.part.as";

/** First step size when the initial norms are not finite. */
const SMALLEST_START: f64 = 1e-6;

/** Solves a group from t0 to t1, with the same decisions as solver/solve.ts. */

export function solveGroup(job: Job, s: Scratch, group: i32): void {
  const net: Net = job;
  const first = group * job.groupRows;
  const rows = min(job.groupRows, job.rows - first);
  const width = job.width, stages = job.stages;
  const fsal = job.firstSameAsLast != 0;
  const offset = <usize>(first * width) * 4;
  const t0 = job.t0, t1 = job.t1;
  const rtol = job.rtol, atol = job.atol;
  const steps = job.steps, maxSteps = job.maxSteps;
  const timeCount = job.timeCount;
  const direction: f64 = t1 > t0 ? 1 : -1;
  const report = changetype<Report>(job.reports + <usize>group * offsetof<Report>());
  const lastRecord = job.lastRecords + <usize>group * 4;
  // A smaller last group has fewer tiles.
  s.stateBytes = <usize>(tilesOf(rows) * width) * COLUMN_BYTES;
  const bytes = s.stateBytes;
  store<u32>(lastRecord, 0);
  memory.fill(s.kept, 0, <usize>stages * 4);
  gatherRows(job.y0 + offset, rows, width, s.y, bytes, true);
  prepareProbes(job, s, first, rows);

  let nfe = 0, accepted = 0, rejected = 0, failure = noFailure;
  let failedT: f64 = 0, failedH: f64 = 0;
  let nextTime = 0;
  for (let i = 0; i < timeCount; i++) {
    if (load<f64>(job.times + <usize>i * 8) != t0) continue;
    writeTime(job, i, offset, s.y, rows);
    nextTime = i + 1;
  }
  let t = t0, h = steps > 0 ? (t1 - t0) / <f64>steps : 0;
  const fixed = h;
  let sawNonFinite = false, knowsSlope = false;
  // Scaled errors of the last two accepted steps.
  let last1: f64 = 1, last2: f64 = 1;
  let afterFirst: f64 = 0;
  if (job.firstStep > 0) h = direction * job.firstStep;
  else if (steps == 0 && t0 != t1) {
    const slope = s.slopes, slope1 = s.slopes + bytes;
    slopesAt(job, s, rows, t, s.y, isTraced(s, 0), activationBuffer(job, s, rows, 0), slope);
    const stateNorm = norm(job, s, rows, s.y, s.y, s.y, rtol, atol);
    const slopeNorm = norm(job, s, rows, slope, s.y, s.y, rtol, atol);
    const trial = trialStepSize(stateNorm, slopeNorm);
    for (let i: usize = 0; i < bytes; i += 8) {
      store<f64>(
        s.spareState + i,
        load<f64>(s.y + i) + direction * trial * load<f64>(slope + i),
      );
    }
    slopesAt(job, s, rows, t + direction * trial, s.spareState, isTraced(s, 0), 0, slope1);
    for (let i: usize = 0; i < bytes; i += 8) {
      store<f64>(s.spareState + i, load<f64>(slope1 + i) - load<f64>(slope + i));
    }
    const changeNorm = norm(job, s, rows, s.spareState, s.y, s.y, rtol, atol);
    const size = initialStepSize(trial, slopeNorm, changeNorm, <f64>job.errorOrder);
    // With non-finite initial norms, start small; the first attempts adapt the size.
    h = direction * (isFinite(size) ? size : SMALLEST_START);
    sawNonFinite = !isFinite(slopeNorm);
    nfe = 2;
    knowsSlope = true;
  }

  while (steps > 0 ? accepted < steps && t0 != t1 : t != t1) {
    if (isStopped(job)) return;
    let end: f64;
    if (steps > 0) {
      t = t0 + <f64>accepted * fixed;
      end = accepted + 1 == steps ? t1 : t0 + <f64>(accepted + 1) * fixed;
    } else {
      if (accepted + rejected >= maxSteps) failure = maxStepsReached;
      else if (!(Math.abs(h) > 0) || t + h == t) {
        failure = sawNonFinite ? nonFinite : stepSizeUnderflow;
      } else if (Math.abs(h) >= Math.abs(t1 - t)) h = t1 - t;
      if (failure != noFailure) {
        failedT = t;
        failedH = h;
        break;
      }
      end = h == t1 - t ? t1 : t + h;
    }

    for (let stage = knowsSlope ? 1 : 0; stage < stages; stage++) {
      let state = s.y;
      if (stage > 0) {
        state = fsal && stage == stages - 1 ? s.y1 : s.spareState;
        combine(job, s.y, h, 3 + stage, stage, s.slopes, bytes, bytes, state);
      }
      const at = t + weight(job, 0, stage) * h;
      const kept = activationBuffer(job, s, rows, stage);
      const out = s.slopes + <usize>stage * bytes;
      slopesAt(job, s, rows, at, state, isTraced(s, stage), kept, out);
      nfe++;
    }
    if (!fsal) combine(job, s.y, h, 1, stages, s.slopes, bytes, bytes, s.y1);
    knowsSlope = true;

    let ratio: f64 = 0;
    if (steps > 0) {
      if (failure == noFailure && isNaN(norm(job, s, rows, s.y1, s.y1, s.y1, 0, 1))) {
        failure = nonFinite;
        failedT = t;
        failedH = h;
      }
    } else {
      combine(job, 0, h, 2, stages, s.slopes, bytes, bytes, s.spareState);
      ratio = norm(job, s, rows, s.spareState, s.y, s.y1, rtol, atol);
    }

    if (ratio <= 1) {
      if (nextTime < timeCount) {
        nextTime = writeTimes(job, s, rows, offset, nextTime, t, h, end, direction, report, nfe);
        nfe = report.nfe;
      }
      if (s.gradient) addQuadrature(job, s, rows, t, h);
      if (job.keepsRecords) {
        const record = recordStep(job, s, t, h, <usize>load<u32>(lastRecord));
        if (!record) return;
        store<u32>(lastRecord, <u32>record);
      }
      const y = s.y;
      s.y = s.y1;
      s.y1 = y;
      const last = stages - 1;
      if (fsal) {
        memory.copy(s.slopes, s.slopes + <usize>last * bytes, bytes);
        if (s.gradient && keepsAdjoint(job)) {
          const kept = <usize>adjointBytes(net) * <usize>tilesOf(rows);
          memory.copy(s.adjoint, s.adjoint + <usize>last * kept, kept);
        }
        store<u32>(s.kept, load<u32>(s.kept + <usize>last * 4));
        store<u32>(s.kept + <usize>last * 4, 0);
      } else knowsSlope = false;
      accepted++;
      t = end;
    } else rejected++;
    if (steps == 0) {
      sawNonFinite = !isFinite(ratio);
      h = nextStepSize(job, h, ratio, last1, last2);
      if (ratio <= 1) {
        if (accepted == 1) afterFirst = Math.abs(h);
        last2 = last1;
        last1 = max<f64>(ratio, LEAST_REMEMBERED_ERROR);
      }
    }
  }
  scatterRows(s.y, rows, width, job.y1 + offset);
  report.nfe = nfe;
  report.accepted = accepted;
  report.rejected = rejected;
  report.failure = failure;
  report.t = failedT;
  report.h = failedH;
  report.afterFirst = afterFirst;
}
