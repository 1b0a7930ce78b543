// By deno task build:layouts from regression.layout.ts.

import { Net } from "../../ops/mlp_field/net.layout.part.as";

/** Numbers per row at `path`. */
export const PATH_NUMBERS: i32 = 5;
/** Least number of a matrix's rows per block of gradients; even. */
export const BLOCK_ROWS: i32 = 32;
/** Columns per block of gradients; a multiple of 12. */
export const BLOCK_COLUMNS: i32 = 24;
/** Least number of rows per block of a matrix between hidden layers; a multiple of 6. */
export const PANEL_ROWS: i32 = 36;
/** Largest number of blocks of rows per matrix. */
export const MOST_BLOCK_ROWS: i32 = 64;
/** Rows of a matrix per task of the update; a multiple of the tiles' outputs. */
export const GROUP_ROWS: i32 = 12;
/** Largest number of tasks per phase. */
export const MOST_TASKS: i32 = 32767;
/** Random words that a thread draws at a time; a multiple of 16. */
export const DRAWN_WORDS: i32 = 64;

/** Bytes of the constants of radii. */
export const RADIUS_BYTES: usize = 144;
/** Bytes of the constants of angles. */
export const TURN_BYTES: usize = 184;
/** Scratch bytes per random word: the word, half a radius, a normal number. */
export const DRAWN_BYTES: usize = 16;
/** Bytes behind x0 that a draw may write. */
export const DRAWN_PADDING: usize = 16;

/** Training steps of a velocity regression in shared memory. Arrays are addresses. */
@unmanaged
export class Regression extends Net {
  /** Bytes at `prepared`, as computed by the host program. */
  preparedBytes: u32;
  /** Bytes of scratch memory per thread, as computed by the host program. */
  scratchBytes: u32;
  /** Bytes per tile at `tiles`, as computed by the host program. */
  tileBytes: u32;
  /** Number of blocks of weight gradients, as computed by the host program. */
  blocks: i32;
  /** Rows of a batch. */
  rows: i32;
  /** Tiles whose gradients are computed together. */
  chunkTiles: i32;
  /** Steps of this call. */
  steps: i32;
  /** The current phase: `rowsPhase`, `gradientPhase` or `updatePhase`. */
  phase: i32;
  /** Steps done by this call. */
  step: i32;
  /** First tile of the current chunk. */
  firstTile: i32;
  /** float32, flat, in device order; updated, like the next three. */
  weights: usize;
  /** float32, flat. */
  firstMoment: usize;
  /** float32, flat. */
  secondMoment: usize;
  /** float32, flat: the moving average of the weights; 0 if there is none. */
  average: usize;
  /** float32, flat. */
  gradient: usize;
  /** The weights in the kernels' layout. */
  prepared: usize;
  /** Control words, see phases.part.as.ts. */
  words: usize;
  /** A StepSettings per step. */
  settings: usize;
  /** float32 [steps, rows, dims]: data. */
  x1: usize;
  /** float32 [steps, rows, dims]: draws of the source, paired with the data. */
  x0: usize;
  /** float32 [steps, 5, rows]: time, alpha, sigma and their derivatives, of each row. */
  path: usize;
  /** float32 [steps]: receives the loss of each step. */
  losses: usize;
  /** Planes of a chunk's tiles. */
  tiles: usize;
  /** Pairs of planes whose outer products are the gradients of the first and last matrix. */
  pairs: usize;
  /** Cotangents before the second and the third tanh as panels. */
  panels: usize;
  /** Addresses of the rows of h1 and h2, which these are multiplied with. */
  lefts: usize;
  /** float64 [tiles of a batch]: sums of squared errors. */
  tileLosses: usize;
  /** float64 [blocks]: sums of squares of the gradient. */
  blockSquares: usize;
  /** float32: the sum of squares of the whole gradient. */
  squares: usize;
  /** Largest norm of the gradient; 0: no clipping. */
  maxNorm: f32;
  /** Coefficient of the L2 penalty. */
  weightDecay: f32;
  /** Adam's constants; see ops/adam/contract.ts. */
  firstDecay: f64;
  /** Decay of the second moment. */
  secondDecay: f64;
  /** Epsilon of the division. */
  epsilon: f32;
  /** Added to the norm. */
  clipEpsilon: f32;
  /** 1: times, path and x0 are drawn here, see draws.part.as.ts; 0: the host fills them in. */
  draws: i32;
  /** Of the linear path: sigma = 1 - slope t. */
  slope: f32;
  /** Constants of normal numbers. */
  drawConstants: usize;
  /** float32 [steps, rows]: receives mean squared errors, and no weight changes; 0: training. */
  rowLosses: usize;
}

/** Forward and backward over tiles of rows. */
export const rowsPhase: i32 = 0;
/** Gradients of the weights over the rows of a chunk, by blocks. */
export const gradientPhase: i32 = 1;
/** Adam, and the packed forms of the new weights, by groups of rows. */
export const updatePhase: i32 = 2;

/** Round of the phase and number of its tasks that are not taken yet. */
export const TICKET: usize = 0;
/** Number of its unfinished tasks. */
export const PENDING: usize = 64;
/** Number of threads asleep until the ticket changes. */
export const SLEEPERS: usize = 128;
/** 1 once there is no further phase. */
export const OVER: usize = 192;
/** Bytes of all words. */
export const WORDS_BYTES: usize = 256;

/** Adam's settings of one step, and the keys of its draws. */
@unmanaged
export class StepSettings {
  /** Decay of the moving average. */
  averageDecay: f64;
  /** Bias correction of the root of the second moment. */
  secondScale: f32;
  /** Learning rate with the bias correction of the first moment. */
  rate: f32;
  /** Lower half of the seed of the draws. */
  seedLow: u32;
  /** Its upper half. */
  seedHigh: u32;
  /** Stream and subsequence of x0. */
  noiseStream: u32;
  /** Subsequence. */
  noiseSubsequence: u32;
  /** Stream and subsequence of the times. */
  timesStream: u32;
  /** Subsequence. */
  timesSubsequence: u32;
}
