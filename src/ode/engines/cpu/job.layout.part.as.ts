// By deno task build:layouts from job.layout.ts.

import { Net } from "../../../ops/mlp_field/net.layout.part.as";

/** Largest number of tiles per group for which an adjoint solve keeps intermediate results of its slopes for the quadrature; larger groups recompute them. */
export const MOST_KEPT_TILES: i32 = 4;

/** Bytes of one column of a tile in float64. */
export const COLUMN_BYTES: usize = 64;
/** Bytes reserved at the start of scratch memory for its records. */
export const HEAD_BYTES: usize = 512;
/** Bytes of a chunk of step records, a whole number of pages. */
export const CHUNK_BYTES: usize = 2097152;

/** It reached t1. */
export const noFailure: i32 = 0;
/** A smaller step would not change t. */
export const stepSizeUnderflow: i32 = 1;
/** The field or the state is not finite. */
export const nonFinite: i32 = 2;
/** The step budget is exhausted. */
export const maxStepsReached: i32 = 3;

/** There was no memory for a record. */
export const memoryRefused: i32 = 1;
/** It was interrupted. */
export const stopped: i32 = 2;

/** A solve, or its pull-back, in shared memory. Arrays are addresses. */
@unmanaged
export class Job extends Net {
  /** Bytes at `prepared`, as computed by the host program. */
  preparedBytes: u32;
  /** Bytes of scratch memory per group, as computed by the host program. */
  scratchBytes: u32;
  /** Groups, or partial sums of a pull-back, that a thread takes side by side, 1 or 2; each has its scratch memory. */
  lanes: i32;
  /** 1 if the scratch memory is for pull-backs, of either gradient method. */
  pulls: i32;
  /** 1 for the adjoint solve, whose state is (y, cotangent of y), twice as wide. */
  adjoint: i32;
  /** Number n of rows [n, width] of the problem. */
  rows: i32;
  /** Columns of the state: dims, plus one with a trace, plus two with energies. */
  width: i32;
  /** 1 if the state ends with the energies |f|^2 and |J e|^2, integrated. */
  energies: i32;
  /** Rows of a control group; the last one may have fewer. */
  groupRows: i32;
  /** Stages of the Runge-Kutta method. */
  stages: i32;
  /** Order of its error estimate. */
  errorOrder: i32;
  /** 1 if the last stage is the first stage of the next step (FSAL). */
  firstSameAsLast: i32;
  /** Basis functions of the interpolant. */
  basisCount: i32;
  /** Powers of theta in the interpolant. */
  powerCount: i32;
  /** Number of fixed steps; 0 for adaptive steps. */
  steps: i32;
  /** Accepted and rejected steps that a group may take. */
  maxSteps: i32;
  /** 1 if accepted steps are recorded. */
  keepsRecords: i32;
  /** Number of requested times. */
  timeCount: i32;
  /** Number of partial sums of the parameter cotangent. */
  partialSums: i32;
  /** Of these, the first ones, which threads of a solve with its gradient take in twos. */
  pairedSums: i32;
  /** The next group or partial sum to be taken by a thread. */
  nextItem: i32;
  /** Number of chunks still available for activations. */
  chunksLeft: i32;
  /** 0, or why the job was aborted: `memoryRefused` or `stopped`. */
  failed: i32;
  /** First chunk of step records; each chunk begins with the address of the next. */
  chunks: usize;
  /** float64: c, b, bError [stages] each, then a [stages, stages]. */
  tableau: usize;
  /** float64: powers, basis [basisCount, powerCount], values [basisCount, slopes]; see Interpolant. */
  interpolant: usize;
  /** float32, flat, in device order. */
  parameters: usize;
  /** Output of `prepareJob`: the parameters in the kernels' layout. */
  prepared: usize;
  /** float32 [n, width]. */
  y0: usize;
  /** float32 [n, width]: the states at t1. */
  y1: usize;
  /** float32 [n, dims], or 0. */
  probes: usize;
  /** float64 [timeCount]. */
  times: usize;
  /** float32 [timeCount, n, width]: the states at the times. */
  timeStates: usize;
  /** A Report per group. */
  reports: usize;
  /** uint32 [groups]: each group's last record. */
  lastRecords: usize;
  /** float32 [n, width]: the cotangent of y1. */
  cotangent: usize;
  /** float32 [2, width]: slope and constant by which y1 gives its cotangent, or 0 where that is given. */
  cotangentRule: usize;
  /** float32 [n, width]: receives the cotangent of y0. */
  ofY0: usize;
  /** float32 [partialSums, parameters]; the first becomes the total. */
  gradients: usize;
  /** Initial time. */
  t0: f64;
  /** Final time. */
  t1: f64;
  /** Relative tolerance. */
  rtol: f64;
  /** Absolute tolerance. */
  atol: f64;
  /** Exponent of the attempt's error in the step controller, divided by the order of the estimate. */
  exponent1: f64;
  /** Exponent of the last accepted step's error. */
  exponent2: f64;
  /** Exponent of the error of the accepted step before that. */
  exponent3: f64;
  /** Safety factor; for this and the following see StepController. */
  safety: f64;
  /** Largest factor. */
  growth: f64;
  /** Smallest factor after an accepted step. */
  shrinkAccepted: f64;
  /** Smallest factor after a rejected step. */
  shrinkRejected: f64;
  /** Size of the first step that is tried; 0: Hairer's choice. */
  firstStep: f64;
}

/** Report of a control group. */
@unmanaged
export class Report {
  /** Field evaluations. */
  nfe: i32;
  /** Accepted steps. */
  accepted: i32;
  /** Rejected steps. */
  rejected: i32;
  /** `noFailure`, or why the group failed. */
  failure: i32;
  /** Time at which it stopped. */
  t: f64;
  /** Step size at that time. */
  h: f64;
}
