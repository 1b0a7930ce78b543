import { Scratch } from "./scratch.part.as";

/** Offset of a {@link GroupSolve} in a thread's scratch memory. */
const SOLVE_AT: usize = 256;

/**
 * The solve of a group from t0 to t1, with the same decisions as solver/solve.ts, between two
 * evaluations of the field: it asks for slopes, and goes on once they are there. A thread may so
 * evaluate the field for two groups at once.
 */
@unmanaged
export class GroupSolve {
  /** 1 while it asks for the slopes at `state` and `time`, to be written to `out`. */
  asks: i32;
  /** Stage of the step; -2 and -1: the evaluations for the initial step size. */
  stage: i32;
  traced: i32;
  state: usize;
  /** Where the activations go, or 0. */
  kept: usize;
  out: usize;
  group: i32;
  rows: i32;
  time: f64;
  t: f64;
  h: f64;
  /** End of the current step. */
  end: f64;
  trial: f64;
  slopeNorm: f64;
  /** Scaled errors of the last two accepted steps. */
  last1: f64;
  last2: f64;
  failedT: f64;
  failedH: f64;
  failure: i32;
  nfe: i32;
  accepted: i32;
  rejected: i32;
  nextTime: i32;
  sawNonFinite: i32;
  knowsSlope: i32;
}

/** The solve whose memory is `s`. */
export function solveOf(s: Scratch): GroupSolve {
  return changetype<GroupSolve>(changetype<usize>(s) + SOLVE_AT);
}
