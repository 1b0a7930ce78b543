import { constants, recordLayout } from "../../../core/wasm/record_layout.ts";
import { netLayout } from "../../../ops/mlp_field/net.layout.ts";

/** A job of the CPU engine in its shared memory, written by the host program and read by the module. */
export const jobLayout = recordLayout({
  name: "Job",
  about: "A solve, or its pull-back, in shared memory. Arrays are addresses.",
  base: netLayout,
}, {
  preparedBytes: ["u32", "Bytes at `prepared`, as computed by the host program."],
  scratchBytes: ["u32", "Bytes of scratch memory per group, as computed by the host program."],
  lanes: [
    "i32",
    "Groups, or partial sums of a pull-back, that a thread takes side by side, 1 or 2; each has its scratch memory.",
  ],
  pulls: ["i32", "1 if the scratch memory is for pull-backs, of either gradient method."],
  adjoint: ["i32", "1 for the adjoint solve, whose state is (y, cotangent of y), twice as wide."],
  rows: ["i32", "Number n of rows [n, width] of the problem."],
  width: ["i32", "Columns of the state: dims, plus one with a trace, plus two with energies."],
  energies: ["i32", "1 if the state ends with the energies |f|^2 and |J e|^2, integrated."],
  groupRows: ["i32", "Rows of a control group; the last one may have fewer."],
  stages: ["i32", "Stages of the Runge-Kutta method."],
  errorOrder: ["i32", "Order of its error estimate."],
  firstSameAsLast: ["i32", "1 if the last stage is the first stage of the next step (FSAL)."],
  basisCount: ["i32", "Basis functions of the interpolant."],
  powerCount: ["i32", "Powers of theta in the interpolant."],
  steps: ["i32", "Number of fixed steps; 0 for adaptive steps."],
  maxSteps: ["i32", "Accepted and rejected steps that a group may take."],
  keepsRecords: ["i32", "1 if accepted steps are recorded."],
  timeCount: ["i32", "Number of requested times."],
  partialSums: ["i32", "Number of partial sums of the parameter cotangent."],
  pairedSums: [
    "i32",
    "Of these, the first ones, which threads of a solve with its gradient take in twos.",
  ],
  nextItem: ["i32", "The next group or partial sum to be taken by a thread."],
  chunksLeft: ["i32", "Number of chunks still available for activations."],
  failed: ["i32", "0, or why the job was aborted: `memoryRefused` or `stopped`."],
  chunks: [
    "address",
    "First chunk of step records; each chunk begins with the address of the next.",
  ],
  tableau: ["address", "float64: c, b, bError [stages] each, then a [stages, stages]."],
  interpolant: [
    "address",
    "float64: powers, basis [basisCount, powerCount], values [basisCount, slopes]; see Interpolant.",
  ],
  parameters: ["address", "float32, flat, in device order."],
  prepared: ["address", "Output of `prepareJob`: the parameters in the kernels' layout."],
  y0: ["address", "float32 [n, width]."],
  y1: ["address", "float32 [n, width]: the states at t1."],
  probes: ["address", "float32 [n, dims], or 0."],
  times: ["address", "float64 [timeCount]."],
  timeStates: ["address", "float32 [timeCount, n, width]: the states at the times."],
  reports: ["address", "A Report per group."],
  lastRecords: ["address", "uint32 [groups]: each group's last record."],
  cotangent: ["address", "float32 [n, width]: the cotangent of y1."],
  cotangentRule: [
    "address",
    "float32 [2, width]: slope and constant by which y1 gives its cotangent, or 0 where that is given.",
  ],
  ofY0: ["address", "float32 [n, width]: receives the cotangent of y0."],
  gradients: ["address", "float32 [partialSums, parameters]; the first becomes the total."],
  t0: ["f64", "Initial time."],
  t1: ["f64", "Final time."],
  rtol: ["f64", "Relative tolerance."],
  atol: ["f64", "Absolute tolerance."],
  exponent1: [
    "f64",
    "Exponent of the attempt's error in the step controller, divided by the order of the estimate.",
  ],
  exponent2: ["f64", "Exponent of the last accepted step's error."],
  exponent3: ["f64", "Exponent of the error of the accepted step before that."],
  safety: ["f64", "Safety factor; for this and the following see StepController."],
  growth: ["f64", "Largest factor."],
  shrinkAccepted: ["f64", "Smallest factor after an accepted step."],
  shrinkRejected: ["f64", "Smallest factor after a rejected step."],
  firstStep: ["f64", "Size of the first step that is tried; 0: Hairer's choice."],
});

/** Report of a control group. */
export const reportLayout = recordLayout({
  name: "Report",
  about: "Report of a control group.",
}, {
  nfe: ["i32", "Field evaluations."],
  accepted: ["i32", "Accepted steps."],
  rejected: ["i32", "Rejected steps."],
  failure: ["i32", "`noFailure`, or why the group failed."],
  t: ["f64", "Time at which it stopped."],
  h: ["f64", "Step size at that time."],
});

/** Why a group stopped before t1. */
export const groupFailures = constants("i32", {
  noFailure: [0, "It reached t1."],
  stepSizeUnderflow: [1, "A smaller step would not change t."],
  nonFinite: [2, "The field or the state is not finite."],
  maxStepsReached: [3, "The step budget is exhausted."],
});

/** Why a job was aborted. */
export const jobFailures = constants("i32", {
  memoryRefused: [1, "There was no memory for a record."],
  stopped: [2, "It was interrupted."],
});

/** Sizes shared by the memory layouts of the host program and the module. */
export const engineSizes = constants("size", {
  COLUMN_BYTES: [64, "Bytes of one column of a tile in float64."],
  HEAD_BYTES: [512, "Bytes reserved at the start of scratch memory for its records."],
  CHUNK_BYTES: [2097152, "Bytes of a chunk of step records, a whole number of pages."],
});

/** Counts of the engine. */
export const engineCounts = constants("i32", {
  MOST_KEPT_TILES: [
    4,
    "Largest number of tiles per group for which an adjoint solve keeps intermediate results of its " +
    "slopes for the quadrature; larger groups recompute them.",
  ],
});
