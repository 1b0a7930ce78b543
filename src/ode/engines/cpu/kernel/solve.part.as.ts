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
import { GroupSolve, solveOf } from "./group_solve.part.as";
import { isStopped } from "./progress.part.as";
import { activationBuffer, recordStep } from "./records.part.as";
import { adjointBytes, keepsAdjoint, Scratch, tilesOf } from "./scratch.part.as";
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

// @ts-ignore: decorator
@inline
function offsetOf(job: Job, g: GroupSolve): usize {
  return <usize>(g.group * job.groupRows * job.width) * 4;
}

// @ts-ignore: decorator
@inline
function directionOf(job: Job): f64 {
  return job.t1 > job.t0 ? 1 : -1;
}

// @ts-ignore: decorator
@inline
function reportOf(job: Job, g: GroupSolve): Report {
  return changetype<Report>(job.reports + <usize>g.group * offsetof<Report>());
}

/** Begins the solve of a group. */
export function beginGroup(job: Job, s: Scratch, group: i32): void {
  const g = solveOf(s);
  const first = group * job.groupRows;
  const rows = min(job.groupRows, job.rows - first);
  const width = job.width, stages = job.stages, steps = job.steps;
  g.group = group;
  g.rows = rows;
  const offset = offsetOf(job, g);
  const t0 = job.t0, t1 = job.t1;
  // A smaller last group has fewer tiles.
  s.stateBytes = <usize>(tilesOf(rows) * width) * COLUMN_BYTES;
  store<u32>(job.lastRecords + <usize>group * 4, 0);
  memory.fill(s.kept, 0, <usize>stages * 4);
  gatherRows(job.y0 + offset, rows, width, s.y, s.stateBytes, true);
  prepareProbes(job, s, first, rows);

  g.asks = 0;
  g.nfe = 0;
  g.accepted = 0;
  g.rejected = 0;
  g.failure = noFailure;
  g.failedT = 0;
  g.failedH = 0;
  g.nextTime = 0;
  for (let i = 0; i < job.timeCount; i++) {
    if (load<f64>(job.times + <usize>i * 8) != t0) continue;
    writeTime(job, i, offset, s.y, rows);
    g.nextTime = i + 1;
  }
  g.t = t0;
  g.h = steps > 0 ? (t1 - t0) / <f64>steps : 0;
  g.sawNonFinite = 0;
  g.knowsSlope = 0;
  g.last1 = 1;
  g.last2 = 1;
  if (job.firstStep > 0) g.h = directionOf(job) * job.firstStep;
  else if (steps == 0 && t0 != t1) {
    ask(g, -2, t0, s.y, isTraced(s, 0), activationBuffer(job, s, rows, 0), s.slopes);
    return;
  }
  beginStep(job, s, g);
}

function ask(
  g: GroupSolve,
  stage: i32,
  time: f64,
  state: usize,
  traced: bool,
  kept: usize,
  out: usize,
): void {
  g.asks = 1;
  g.stage = stage;
  g.time = time;
  g.state = state;
  g.traced = traced;
  g.kept = kept;
  g.out = out;
}

/** Goes on with the slopes that the solve asked for. */
export function continueGroup(job: Job, s: Scratch): void {
  const g = solveOf(s);
  const stage = g.stage;
  if (stage == -2) tryFirstStep(job, s, g);
  else if (stage == -1) chooseFirstStep(job, s, g);
  else {
    g.nfe++;
    if (stage + 1 < job.stages) askStage(job, s, g, stage + 1);
    else endStep(job, s, g);
  }
}

/** Asks for the slopes at the end of a trial step. */
function tryFirstStep(job: Job, s: Scratch, g: GroupSolve): void {
  const rows = g.rows, bytes = s.stateBytes, slope = s.slopes;
  const rtol = job.rtol, atol = job.atol, direction = directionOf(job);
  const stateNorm = norm(job, s, rows, s.y, s.y, s.y, rtol, atol);
  g.slopeNorm = norm(job, s, rows, slope, s.y, s.y, rtol, atol);
  const trial = trialStepSize(stateNorm, g.slopeNorm);
  g.trial = trial;
  for (let i: usize = 0; i < bytes; i += 8) {
    store<f64>(
      s.spareState + i,
      load<f64>(s.y + i) + direction * trial * load<f64>(slope + i),
    );
  }
  ask(g, -1, g.t + direction * trial, s.spareState, isTraced(s, 0), 0, slope + bytes);
}

function chooseFirstStep(job: Job, s: Scratch, g: GroupSolve): void {
  const bytes = s.stateBytes, slope = s.slopes, slope1 = slope + bytes;
  for (let i: usize = 0; i < bytes; i += 8) {
    store<f64>(s.spareState + i, load<f64>(slope1 + i) - load<f64>(slope + i));
  }
  const changeNorm = norm(job, s, g.rows, s.spareState, s.y, s.y, job.rtol, job.atol);
  const size = initialStepSize(g.trial, g.slopeNorm, changeNorm, <f64>job.errorOrder);
  // With non-finite initial norms, start small; the first attempts adapt the size.
  g.h = directionOf(job) * (isFinite(size) ? size : SMALLEST_START);
  g.sawNonFinite = i32(!isFinite(g.slopeNorm));
  g.nfe = 2;
  g.knowsSlope = 1;
  beginStep(job, s, g);
}

/** Begins the next step, or ends the solve. */
function beginStep(job: Job, s: Scratch, g: GroupSolve): void {
  const t0 = job.t0, t1 = job.t1, steps = job.steps;
  g.asks = 0;
  if (!(steps > 0 ? g.accepted < steps && t0 != t1 : g.t != t1)) {
    endGroup(job, s, g);
    return;
  }
  if (isStopped(job)) return;
  if (steps > 0) {
    const fixed = (t1 - t0) / <f64>steps;
    g.t = t0 + <f64>g.accepted * fixed;
    g.end = g.accepted + 1 == steps ? t1 : t0 + <f64>(g.accepted + 1) * fixed;
  } else {
    const t = g.t, h = g.h;
    if (g.accepted + g.rejected >= job.maxSteps) g.failure = maxStepsReached;
    else if (!(Math.abs(h) > 0) || t + h == t) {
      g.failure = g.sawNonFinite ? nonFinite : stepSizeUnderflow;
    } else if (Math.abs(h) >= Math.abs(t1 - t)) g.h = t1 - t;
    if (g.failure != noFailure) {
      g.failedT = t;
      g.failedH = h;
      endGroup(job, s, g);
      return;
    }
    g.end = g.h == t1 - t ? t1 : t + g.h;
  }
  askStage(job, s, g, g.knowsSlope ? 1 : 0);
}

function askStage(job: Job, s: Scratch, g: GroupSolve, stage: i32): void {
  const bytes = s.stateBytes, stages = job.stages;
  // A method of one stage whose slope is known has none to ask for.
  if (stage >= stages) {
    endStep(job, s, g);
    return;
  }
  let state = s.y;
  if (stage > 0) {
    state = job.firstSameAsLast && stage == stages - 1 ? s.y1 : s.spareState;
    combine(job, s.y, g.h, 3 + stage, stage, s.slopes, bytes, bytes, state);
  }
  const at = g.t + weight(job, 0, stage) * g.h;
  const kept = activationBuffer(job, s, g.rows, stage);
  ask(g, stage, at, state, isTraced(s, stage), kept, s.slopes + <usize>stage * bytes);
}

/** Accepts or rejects a step whose slopes are all there, and begins the next. */
function endStep(job: Job, s: Scratch, g: GroupSolve): void {
  const net: Net = job;
  const rows = g.rows, bytes = s.stateBytes, stages = job.stages, steps = job.steps;
  const fsal = job.firstSameAsLast != 0;
  const t = g.t, h = g.h;
  g.asks = 0;
  if (!fsal) combine(job, s.y, h, 1, stages, s.slopes, bytes, bytes, s.y1);
  g.knowsSlope = 1;

  let ratio: f64 = 0;
  if (steps > 0) {
    if (g.failure == noFailure && isNaN(norm(job, s, rows, s.y1, s.y1, s.y1, 0, 1))) {
      g.failure = nonFinite;
      g.failedT = t;
      g.failedH = h;
    }
  } else {
    combine(job, 0, h, 2, stages, s.slopes, bytes, bytes, s.spareState);
    ratio = norm(job, s, rows, s.spareState, s.y, s.y1, job.rtol, job.atol);
  }

  if (ratio <= 1) {
    if (g.nextTime < job.timeCount) {
      const report = reportOf(job, g), offset = offsetOf(job, g), direction = directionOf(job);
      g.nextTime = writeTimes(
        job,
        s,
        rows,
        offset,
        g.nextTime,
        t,
        h,
        g.end,
        direction,
        report,
        g.nfe,
      );
      g.nfe = report.nfe;
    }
    if (s.gradient) addQuadrature(job, s, rows, t, h);
    if (job.keepsRecords) {
      const lastRecord = job.lastRecords + <usize>g.group * 4;
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
    } else g.knowsSlope = 0;
    g.accepted++;
    g.t = g.end;
  } else g.rejected++;
  if (steps == 0) {
    g.sawNonFinite = i32(!isFinite(ratio));
    g.h = nextStepSize(job, h, ratio, g.last1, g.last2);
    if (ratio <= 1) {
      g.last2 = g.last1;
      g.last1 = max<f64>(ratio, LEAST_REMEMBERED_ERROR);
    }
  }
  beginStep(job, s, g);
}

function endGroup(job: Job, s: Scratch, g: GroupSolve): void {
  const report = reportOf(job, g);
  scatterRows(s.y, g.rows, job.width, job.y1 + offsetOf(job, g));
  report.nfe = g.nfe;
  report.accepted = g.accepted;
  report.rejected = g.rejected;
  report.failure = g.failure;
  report.t = g.failedT;
  report.h = g.failedH;
}
