import { Job, Report } from "../job.layout.part.as";
import { Scratch } from "./scratch.part.as";
import { slopesAt } from "./slopes.part.as";
import { combineWith, scatterRows } from "./states.part.as";

/** Writes the states of a group at the requested time `index`. */
export function writeTime(job: Job, index: i32, offset: usize, state: usize, rows: i32): void {
  const width = job.width;
  const all = <usize>(job.rows * width) * 4;
  scatterRows(state, rows, width, job.timeStates + <usize>index * all + offset);
}

/** theta^power by repeated squaring. */
function powerOf(theta: f64, power: i32): f64 {
  if (power <= 1) return theta;
  const half = powerOf(theta, power / 2);
  return power % 2 == 0 ? half * half : half * half * theta;
}

/** Computes the weights of the slopes at `theta`, summed in the order of interpolant.ts. */
function denseWeights(job: Job, theta: f64, slopeCount: i32, weights: usize): void {
  const powerCount = job.powerCount, powers = job.interpolant;
  let coefficient = powers + <usize>powerCount * 8;
  let value = coefficient + <usize>(job.basisCount * powerCount) * 8;
  memory.fill(weights, 0, <usize>slopeCount * 8);
  for (let j = 0; j < job.basisCount; j++) {
    let phi: f64 = 0;
    for (let p = 0; p < powerCount; p++) {
      phi += load<f64>(coefficient) * powerOf(theta, <i32>load<f64>(powers + <usize>p * 8));
      coefficient += 8;
    }
    for (let i = 0; i < slopeCount; i++) {
      const at = weights + <usize>i * 8;
      store<f64>(at, load<f64>(at) + phi * load<f64>(value));
      value += 8;
    }
  }
}

/**
 * Writes the states at all requested times up to the end of an accepted step, by dense output (see
 * interpolant.ts). Returns the index of the next time and updates `nfe` in the report.
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
  // Weights reuse the memory of a stage's planes, which only the pull-back needs.
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
      denseWeights(job, theta, slopeCount, weights);
      combineWith(weights, s.y, h, slopeCount, s.slopes, bytes, bytes, s.spareState);
      writeTime(job, next, offset, s.spareState, rows);
    }
    next++;
  }
  report.nfe = nfe;
  return next;
}
