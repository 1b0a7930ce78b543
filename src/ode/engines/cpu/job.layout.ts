import { constants, recordLayout } from "../../../core/wasm/record_layout.ts";
import { netLayout } from "../../../ops/mlp_field/net.layout.ts";

/** A job of the CPU engine in its shared memory: the program writes it, the module reads it. */
export const jobLayout = recordLayout({
  name: "Job",
  about: "A solve, or its pull-back, in the shared memory. Arrays are addresses.",
  base: netLayout,
}, {
  preparedBytes: ["u32", "Bytes at `prepared`, as the program counts them."],
  scratchBytes: ["u32", "Scratch memory per thread, as the program counts it."],
  pulls: ["i32", "1 where the scratch memory is for pull-backs, of either gradient."],
  adjoint: ["i32", "1: the state is (y, cotangent of y), twice as wide: the adjoint's solve."],
  rows: ["i32", "Rows [n, width] of the problem."],
  width: ["i32", "Columns of the state: dims, and one more with a trace."],
  groupRows: ["i32", "Rows of a control group; the last one may have fewer."],
  stages: ["i32", "Stages of the method."],
  errorOrder: ["i32", "Order of its error estimate."],
  firstSameAsLast: ["i32", "1 where the last stage is the next step's first."],
  basisCount: ["i32", "Basis functions of the interpolant."],
  powerCount: ["i32", "Powers of theta in the interpolant."],
  steps: ["i32", "Fixed steps; 0: adaptive."],
  maxSteps: ["i32", "Accepted and rejected steps that a group may take."],
  keepsRecords: ["i32", "1: every accepted step leaves a record."],
  timeCount: ["i32", "Times whose states are wanted."],
  partialSums: ["i32", "Number of partial sums of the parameters' cotangent."],
  nextItem: ["i32", "The next group, or partial sum, that a thread takes."],
  chunksLeft: ["i32", "Chunks that may still be taken for activations."],
  failed: ["i32", "0, or why the job was given up: `memoryRefused` or `stopped`."],
  chunks: [
    "address",
    "The first of the chunks that hold records; each begins with the address of the next.",
  ],
  tableau: ["address", "float64: c, b, bError [stages] each, then a [stages, stages]."],
  interpolant: [
    "address",
    "float64: powers, basis [basisCount, powerCount], values [basisCount, slopes]; see Interpolant.",
  ],
  parameters: ["address", "float32, flat, in device order."],
  prepared: ["address", "Room for what `prepare` makes of the parameters."],
  y0: ["address", "float32 [n, width]."],
  y1: ["address", "float32 [n, width]: the states at t1."],
  probes: ["address", "float32 [n, dims], or 0."],
  times: ["address", "float64 [timeCount]."],
  timeStates: ["address", "float32 [timeCount, n, width]: the states at the times."],
  reports: ["address", "A Report per group."],
  lastRecords: ["address", "uint32 [groups]: each group's last record."],
  cotangent: ["address", "float32 [n, width]: the cotangent of y1."],
  ofY0: ["address", "float32 [n, width]: receives the cotangent of y0."],
  gradients: ["address", "float32 [partialSums, parameters]; the first becomes the total."],
  t0: ["f64", "Where the solve begins."],
  t1: ["f64", "Where it ends."],
  rtol: ["f64", "Relative tolerance."],
  atol: ["f64", "Absolute tolerance."],
  exponent1: ["f64", "Of the attempt's error in the step controller, over the estimate's order."],
  exponent2: ["f64", "Of the last accepted step's error."],
  exponent3: ["f64", "Of the error of the accepted step before it."],
  safety: ["f64", "Of the step controller, as the following; see StepController."],
  growth: ["f64", "Largest factor."],
  shrinkAccepted: ["f64", "Least factor after an accepted step."],
  shrinkRejected: ["f64", "Least factor after a rejected one."],
});

/** What a control group reports. */
export const reportLayout = recordLayout({
  name: "Report",
  about: "What a control group reports.",
}, {
  nfe: ["i32", "Field evaluations."],
  accepted: ["i32", "Steps."],
  rejected: ["i32", "Steps."],
  failure: ["i32", "`noFailure`, or why the group stopped."],
  t: ["f64", "Where it stopped."],
  h: ["f64", "The step size there."],
});

/** Why a group stopped before t1. */
export const groupFailures = constants("i32", {
  noFailure: [0, "It did not."],
  stepSizeUnderflow: [1, "A smaller step would not change t."],
  nonFinite: [2, "The field or the state is not finite."],
  maxStepsReached: [3, "The budget of steps is spent."],
});

/** Why a job was given up. */
export const jobFailures = constants("i32", {
  memoryRefused: [1, "There was no memory for a record."],
  stopped: [2, "It was asked to stop."],
});

/** Sizes by which the program and the module lay memory out. */
export const engineSizes = constants("size", {
  COLUMN_BYTES: [64, "Bytes of one column of a tile in float64."],
  HEAD_BYTES: [256, "Room for the record of a thread's scratch memory, at its beginning."],
  CHUNK_BYTES: [2097152, "Bytes of a chunk of records, a whole number of pages."],
});

/** Counts of the engine. */
export const engineCounts = constants("i32", {
  MOST_KEPT_TILES: [
    4,
    "Tiles of a group up to which an adjoint solve keeps what its slopes leave for the quadrature; " +
    "larger groups compute it again.",
  ],
});
