import { Job, Report } from "../job.layout.part.as";
import { Scratch } from "./scratch.part.as";
import { slopesAt } from "./slopes.part.as";
import { combineWith, scatterRows } from "./states.part.as";
import { weight } from "./tableau.part.as";

/** Writes the states of a group at time number `index`. */
export function writeTime(job: Job, index: i32, offset: usize, state: usize, rows: i32): void {
  const width = job.width;
  const all = <usize>(job.rows * width) * 4;
  scatterRows(state, rows, width, job.timeStates + <usize>index * all + offset);
}

/**
 * Writes the states at all times up to the end of an accepted step, by dense output (see
 * dense_output.ts); returns the number of the next time, and leaves `nfe` in the report.
 */
export function writeTimes(
  job: Job,
  s: Scratch,
  rows: i32,
  offset: usize,
  next: i32,
  t: f64,
  h: f64,
  end: f64,
  direction: f64,
  report: Report,
  nfe: i32,
): i32 {
  const stages = job.stages, times = job.times;
  const bytes = s.stateBytes;
  const fsal = job.firstSameAsLast != 0;
  const slopeCount = fsal ? stages : stages + 1;
  const hasMiddle = job.hasMiddle != 0;
  // Weights take the place of a stage's planes: only the pull-back needs those.
  const weights = s.stage;
  let knowsEnd = fsal;
  while (next < job.timeCount) {
    const time = load<f64>(times + <usize>next * 8);
    if ((time - end) * direction > 0) break;
    if (!knowsEnd) {
      slopesAt(job, s, rows, end, s.y1, job.directions > 0, 0, s.slopes + <usize>stages * bytes);
      nfe++;
      knowsEnd = true;
    }
    if (time == end) writeTime(job, next, offset, s.y1, rows);
    else {
      const theta = (time - t) / (end - t);
      const theta2 = theta * theta, theta3 = theta2 * theta, theta4 = theta2 * theta2;
      let ofEnd = 3 * theta2 - 2 * theta3, ofMiddle: f64 = 0;
      let ofSlope0 = theta - 2 * theta2 + theta3, ofSlope1 = theta3 - theta2;
      if (hasMiddle) {
        ofEnd = -8 * theta4 + 14 * theta3 - 5 * theta2;
        ofMiddle = 16 * theta4 - 32 * theta3 + 16 * theta2;
        ofSlope0 = -2 * theta4 + 5 * theta3 - 4 * theta2 + theta;
        ofSlope1 = 2 * theta4 - 3 * theta3 + theta2;
      }
      for (let i = 0; i < slopeCount; i++) {
        let w = i < stages ? ofEnd * weight(job, 1, i) : 0;
        if (hasMiddle && i < stages) w += ofMiddle * weight(job, 3, i);
        if (i == 0) w += ofSlope0;
        if (i == slopeCount - 1) w += ofSlope1;
        store<f64>(weights + <usize>i * 8, w);
      }
      combineWith(weights, s.y, h, slopeCount, s.slopes, bytes, bytes, s.spareState);
      writeTime(job, next, offset, s.spareState, rows);
    }
    next++;
  }
  report.nfe = nfe;
  return next;
}
