import { constants, recordLayout } from "../../core/wasm/record_layout.ts";
import { netLayout } from "../../ops/mlp_field/net.layout.ts";

/** A call of the module: several training steps of a velocity regression. */
export const regressionLayout = recordLayout({
  name: "Regression",
  about: "Training steps of a velocity regression in shared memory. Arrays are addresses.",
  base: netLayout,
}, {
  preparedBytes: ["u32", "Bytes at `prepared`, as computed by the host program."],
  scratchBytes: ["u32", "Bytes of scratch memory per thread, as computed by the host program."],
  tileBytes: ["u32", "Bytes per tile at `tiles`, as computed by the host program."],
  blocks: ["i32", "Number of blocks of weight gradients, as computed by the host program."],
  rows: ["i32", "Rows of a batch."],
  chunkTiles: ["i32", "Tiles whose gradients are computed together."],
  steps: ["i32", "Steps of this call."],
  phase: ["i32", "The current phase: `rowsPhase`, `gradientPhase` or `updatePhase`."],
  step: ["i32", "Steps done by this call."],
  firstTile: ["i32", "First tile of the current chunk."],
  weights: ["address", "float32, flat, in device order; updated, like the next three."],
  firstMoment: ["address", "float32, flat."],
  secondMoment: ["address", "float32, flat."],
  average: ["address", "float32, flat: the moving average of the weights; 0 if there is none."],
  gradient: ["address", "float32, flat."],
  prepared: ["address", "The weights in the kernels' layout."],
  words: ["address", "Control words, see phases.part.as.ts."],
  settings: ["address", "A StepSettings per step."],
  x1: ["address", "float32 [steps, rows, dims]: data."],
  x0: ["address", "float32 [steps, rows, dims]: draws of the source, paired with the data."],
  path: [
    "address",
    "float32 [steps, 5, rows]: time, alpha, sigma and their derivatives, of each row.",
  ],
  losses: ["address", "float32 [steps]: receives the loss of each step."],
  tiles: ["address", "Planes of a chunk's tiles."],
  pairs: [
    "address",
    "Pairs of planes whose outer products are the gradients of the first and last matrix.",
  ],
  panels: ["address", "Cotangents before the second and the third tanh as panels."],
  lefts: ["address", "Addresses of the rows of h1 and h2, which these are multiplied with."],
  tileLosses: ["address", "float64 [tiles of a batch]: sums of squared errors."],
  blockSquares: ["address", "float64 [blocks]: sums of squares of the gradient."],
  squares: ["address", "float32: the sum of squares of the whole gradient."],
  maxNorm: ["f32", "Largest norm of the gradient; 0: no clipping."],
  weightDecay: ["f32", "Coefficient of the L2 penalty."],
  firstDecay: ["f64", "Adam's constants; see ops/adam/contract.ts."],
  secondDecay: ["f64", "Decay of the second moment."],
  epsilon: ["f32", "Epsilon of the division."],
  clipEpsilon: ["f32", "Added to the norm."],
  draws: [
    "i32",
    "1: times, path and x0 are drawn here, see draws.part.as.ts; 0: the host fills them in.",
  ],
  slope: ["f32", "Of the linear path: sigma = 1 - slope t."],
  drawConstants: ["address", "Constants of normal numbers."],
  rowLosses: [
    "address",
    "float32 [steps, rows]: receives mean squared errors, and no weight changes; 0: training.",
  ],
});

/** What differs between the steps of a call. */
export const stepSettingsLayout = recordLayout({
  name: "StepSettings",
  about: "Adam's settings of one step, and the keys of its draws.",
}, {
  averageDecay: ["f64", "Decay of the moving average."],
  secondScale: ["f32", "Bias correction of the root of the second moment."],
  rate: ["f32", "Learning rate with the bias correction of the first moment."],
  seedLow: ["u32", "Lower half of the seed of the draws."],
  seedHigh: ["u32", "Its upper half."],
  noiseStream: ["u32", "Stream and subsequence of x0."],
  noiseSubsequence: ["u32", "Subsequence."],
  timesStream: ["u32", "Stream and subsequence of the times."],
  timesSubsequence: ["u32", "Subsequence."],
});

/** Phases of a step. */
export const regressionPhases = constants("i32", {
  rowsPhase: [0, "Forward and backward over tiles of rows."],
  gradientPhase: [1, "Gradients of the weights over the rows of a chunk, by blocks."],
  updatePhase: [2, "Adam, and the packed forms of the new weights, by groups of rows."],
});

/** Control words: int32, each on a cache line of its own, since every thread writes them. */
export const regressionWords = constants("size", {
  TICKET: [0, "Round of the phase and number of its tasks that are not taken yet."],
  PENDING: [64, "Number of its unfinished tasks."],
  SLEEPERS: [128, "Number of threads asleep until the ticket changes."],
  OVER: [192, "1 once there is no further phase."],
  WORDS_BYTES: [256, "Bytes of all words."],
});

/** Sizes of random draws. */
export const regressionDraws = constants("size", {
  RADIUS_BYTES: [144, "Bytes of the constants of radii."],
  TURN_BYTES: [184, "Bytes of the constants of angles."],
  DRAWN_BYTES: [16, "Scratch bytes per random word: the word, half a radius, a normal number."],
  DRAWN_PADDING: [16, "Bytes behind x0 that a draw may write."],
});

/** Sizes of tasks. */
export const regressionCounts = constants("i32", {
  PATH_NUMBERS: [5, "Numbers per row at `path`."],
  BLOCK_ROWS: [32, "Least number of a matrix's rows per block of gradients; even."],
  BLOCK_COLUMNS: [24, "Columns per block of gradients; a multiple of 12."],
  PANEL_ROWS: [
    36,
    "Least number of rows per block of a matrix between hidden layers; a multiple of 6.",
  ],
  MOST_BLOCK_ROWS: [64, "Largest number of blocks of rows per matrix."],
  GROUP_ROWS: [12, "Rows of a matrix per task of the update; a multiple of the tiles' outputs."],
  MOST_TASKS: [32767, "Largest number of tasks per phase."],
  DRAWN_WORDS: [64, "Random words that a thread draws at a time; a multiple of 16."],
});
