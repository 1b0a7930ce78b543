// By deno task build:layouts from job.layout.ts.

import { Net } from "../../../ops/mlp_field/net.layout.part.as";

/** Tiles of a group up to which an adjoint solve keeps what its slopes leave for the quadrature; larger groups compute it again. */
export const MOST_KEPT_TILES: i32 = 4;

/** Bytes of one column of a tile in float64. */
export const COLUMN_BYTES: usize = 64;
/** Room for the record of a thread's scratch memory, at its beginning. */
export const HEAD_BYTES: usize = 256;
/** Bytes of a chunk of records, a whole number of pages. */
export const CHUNK_BYTES: usize = 2097152;

/** It did not. */
export const noFailure: i32 = 0;
/** A smaller step would not change t. */
export const stepSizeUnderflow: i32 = 1;
/** The field or the state is not finite. */
export const nonFinite: i32 = 2;
/** The budget of steps is spent. */
export const maxStepsReached: i32 = 3;

/** There was no memory for a record. */
export const memoryRefused: i32 = 1;
/** It was asked to stop. */
export const stopped: i32 = 2;

/** A solve, or its pull-back, in the shared memory. Arrays are addresses. */
@unmanaged
export class Job extends Net {
  /** Bytes at `prepared`, as the program counts them. */
  preparedBytes: u32;
  /** Scratch memory per thread, as the program counts it. */
  scratchBytes: u32;
  /** 1 where the scratch memory is for pull-backs, of either gradient. */
  pulls: i32;
  /** 1: the state is (y, cotangent of y), twice as wide: the adjoint's solve. */
  adjoint: i32;
  /** Rows [n, width] of the problem. */
  rows: i32;
  /** Columns of the state: dims, and one more with a trace. */
  width: i32;
  /** Rows of a control group; the last one may have fewer. */
  groupRows: i32;
  /** Stages of the method. */
  stages: i32;
  /** Order of its error estimate. */
  errorOrder: i32;
  /** 1 where the last stage is the next step's first. */
  firstSameAsLast: i32;
  /** Basis functions of the interpolant. */
  basisCount: i32;
  /** Powers of theta in the interpolant. */
  powerCount: i32;
  /** Fixed steps; 0: adaptive. */
  steps: i32;
  /** Accepted and rejected steps that a group may take. */
  maxSteps: i32;
  /** 1: every accepted step leaves a record. */
  keepsRecords: i32;
  /** Times whose states are wanted. */
  timeCount: i32;
  /** Number of partial sums of the parameters' cotangent. */
  partialSums: i32;
  /** The next group, or partial sum, that a thread takes. */
  nextItem: i32;
  /** Chunks that may still be taken for activations. */
  chunksLeft: i32;
  /** 0, or why the job was given up: `memoryRefused` or `stopped`. */
  failed: i32;
  /** The first of the chunks that hold records; each begins with the address of the next. */
  chunks: usize;
  /** float64: c, b, bError [stages] each, then a [stages, stages]. */
  tableau: usize;
  /** float64: powers, basis [basisCount, powerCount], values [basisCount, slopes]; see Interpolant. */
  interpolant: usize;
  /** float32, flat, in device order. */
  parameters: usize;
  /** Room for what `prepare` makes of the parameters. */
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
  /** float32 [n, width]: receives the cotangent of y0. */
  ofY0: usize;
  /** float32 [partialSums, parameters]; the first becomes the total. */
  gradients: usize;
  /** Where the solve begins. */
  t0: f64;
  /** Where it ends. */
  t1: f64;
  /** Relative tolerance. */
  rtol: f64;
  /** Absolute tolerance. */
  atol: f64;
  /** Of the attempt's error in the step controller, over the estimate's order. */
  exponent1: f64;
  /** Of the last accepted step's error. */
  exponent2: f64;
  /** Of the error of the accepted step before it. */
  exponent3: f64;
  /** Of the step controller, as the following; see StepController. */
  safety: f64;
  /** Largest factor. */
  growth: f64;
  /** Least factor after an accepted step. */
  shrinkAccepted: f64;
  /** Least factor after a rejected one. */
  shrinkRejected: f64;
}

/** What a control group reports. */
@unmanaged
export class Report {
  /** Field evaluations. */
  nfe: i32;
  /** Steps. */
  accepted: i32;
  /** Steps. */
  rejected: i32;
  /** `noFailure`, or why the group stopped. */
  failure: i32;
  /** Where it stopped. */
  t: f64;
  /** The step size there. */
  h: f64;
}
