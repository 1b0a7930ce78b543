import { roundUp } from "../../core/numbers/round_up.ts";
import { parameterCount, planeBytes, preparedBytes } from "../../ops/mlp_field/simd_sizes.ts";
import { planeCounts, planeSizes } from "../../ops/mlp_field/net.layout.ts";
import { memoryCounts, memorySizes } from "../../core/wasm/memory.layout.ts";
import { MOST_THREADS } from "../../threads/thread_pool.ts";
import {
  regressionCounts,
  regressionDraws,
  regressionWords,
  stepSettingsLayout,
} from "./regression.layout.ts";
import { blockBytes } from "../../ode/engines/cpu/job_sizes.ts";

/**
 * Sizes of a fused regression in bytes, in float64: exact where the module's 32-bit addresses would
 * wrap, and compared with the memory before anything is allocated. The module counts them again and
 * traps if they differ. They follow from shapes alone, since the gradient's bits depend on the chunks.
 */

/** Network and batch of a regression. */
export interface RegressionShape {
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers. */
  readonly hidden: number;
  /** Rows of a batch. */
  readonly rows: number;
  /** Whether a moving average of the weights is kept. */
  readonly averages: boolean;
  /** Whether rows are evaluated in place of training; default false. */
  readonly evaluates?: boolean;
}

const { LANES } = planeCounts.values;
const { LANE_BYTES, OUTER_BYTES, PAIR_BYTES, PANEL_BYTES } = planeSizes.values;
const {
  PATH_NUMBERS,
  BLOCK_ROWS,
  BLOCK_COLUMNS,
  MOST_BLOCK_ROWS,
  GROUP_ROWS,
  MOST_TASKS,
  PANEL_ROWS,
} = regressionCounts.values;
const { RADIUS_BYTES, TURN_BYTES, DRAWN_BYTES, DRAWN_PADDING } = regressionDraws.values;

/** Planes of a chunk: about what the L2 caches of two cores hold. */
const CHUNK_BYTES = 2 * 2 ** 20;
/** Least and largest number of tiles per chunk: fewer would not occupy many threads. */
const CHUNK_TILES = [16, 64] as const;

/** Inputs of all steps of a call, and the largest number of such steps. */
const INPUT_BYTES = 2 * 2 ** 20, MOST_STEPS = 128;

const HEAD_BYTES = 64;

/** Memory of the CPU engine that a regression may take; solves of an evaluation need some too. */
const MOST_BYTES = memoryCounts.values.PAGE_COUNT * memorySizes.values.PAGE_BYTES / 2;

const withoutTrace = ({ dims, hidden }: RegressionShape) => ({
  ...{ dims, hidden, directions: 0, probed: false },
});

/** Number of tiles of a batch. */
function tilesOf({ rows }: RegressionShape): number {
  return Math.ceil(rows / LANES);
}

/** Bytes of a tile's planes: an odd number of cache lines. */
export function tileBytes(shape: RegressionShape): number {
  const bytes = 6 * planeBytes(withoutTrace(shape)) + 2 * shape.dims * LANE_BYTES;
  return (2 * Math.floor(bytes / 128) + 1) * 64;
}

/** Number of tiles whose gradients are computed together. */
export function chunkTiles(shape: RegressionShape): number {
  const [least, most] = CHUNK_TILES;
  const fitting = Math.floor(CHUNK_BYTES / tileBytes(shape));
  return Math.min(tilesOf(shape), Math.max(least, Math.min(most, fitting)));
}

/** Bytes of a thread's scratch memory. */
export function scratchBytes(shape: RegressionShape): number {
  const bytes = HEAD_BYTES + 2 * planeBytes(withoutTrace(shape)) + OUTER_BYTES +
    regressionCounts.values.DRAWN_WORDS * DRAWN_BYTES;
  return roundUp(bytes + 2 * shape.dims * LANE_BYTES, 128);
}

/** The four matrices as [inputs, outputs]. */
function matrices({ dims, hidden }: RegressionShape): readonly (readonly [number, number])[] {
  return [[dims, hidden], [hidden, hidden], [hidden, hidden], [hidden, dims]];
}

/** Number of blocks of weight gradients. */
export function blockCount(shape: RegressionShape): number {
  return matrices(shape).reduce((sum, [inputs, outputs], layer) => {
    const isInner = layer === 1 || layer === 2, least = Math.ceil(inputs / MOST_BLOCK_ROWS);
    const size = isInner
      ? Math.max(PANEL_ROWS, roundUp(least, 6))
      : Math.max(BLOCK_ROWS, roundUp(least, 2));
    const columns = isInner ? PANEL_BYTES / 4 : BLOCK_COLUMNS;
    return sum + Math.ceil(inputs / size) * Math.ceil(outputs / columns);
  }, 0);
}

/** Number of groups of weights. */
function groupCount(shape: RegressionShape): number {
  return matrices(shape).reduce((sum, [inputs]) => sum + Math.ceil(inputs / GROUP_ROWS), 0);
}

/** Bytes of one step's inputs. */
function inputBytes({ rows, dims }: RegressionShape): number {
  return 4 * rows * (2 * dims + PATH_NUMBERS);
}

/** Largest number of steps per call. No result depends on it. */
export function mostSteps(shape: RegressionShape): number {
  return Math.max(1, Math.min(MOST_STEPS, Math.floor(INPUT_BYTES / inputBytes(shape))));
}

/** Bytes of the arrays, by the field of the job that holds their address. */
export function regressionArrays(shape: RegressionShape) {
  const { rows, dims, hidden, averages, evaluates = false } = shape,
    tiles = chunkTiles(shape),
    steps = mostSteps(shape);
  const vector = 4 * parameterCount(withoutTrace(shape));
  return {
    words: regressionWords.values.WORDS_BYTES,
    weights: vector,
    firstMoment: vector,
    secondMoment: vector,
    ...(averages ? { average: vector } : {}),
    gradient: vector,
    prepared: preparedBytes(withoutTrace(shape)),
    settings: steps * stepSettingsLayout.bytes,
    x1: 4 * steps * rows * dims,
    x0: 4 * steps * rows * dims + DRAWN_PADDING,
    path: 4 * steps * PATH_NUMBERS * rows,
    losses: 4 * steps,
    ...(evaluates ? { rowLosses: 4 * steps * rows } : {}),
    tiles: tiles * tileBytes(shape),
    pairs: 2 * tiles * PAIR_BYTES,
    panels: 2 * Math.ceil(4 * hidden / PANEL_BYTES) * tiles * LANES * PANEL_BYTES,
    lefts: 2 * tiles * LANES * 4,
    tileLosses: 8 * tilesOf(shape),
    blockSquares: 8 * blockCount(shape),
    squares: 4,
    drawConstants: RADIUS_BYTES + TURN_BYTES,
  } as const;
}

/** Number of threads, at most `threads`, whose scratch memory fits. */
export function threadsThatFit(shape: RegressionShape, threads: number): number {
  const room = MOST_BYTES - blockBytes(regressionArrays(shape));
  return Math.max(1, Math.min(threads, MOST_THREADS, Math.floor(room / scratchBytes(shape))));
}

/** Least work per thread, in multiply-adds of a step: about 20 us, beside the three waits of a step. */
const THREAD_WORK = 400_000;

/** Number of threads, at most `threads`, for which the steps are long enough. No result depends on it. */
export function usefulThreads(shape: RegressionShape, threads: number): number {
  const work = 3 * shape.rows * parameterCount(withoutTrace(shape));
  return Math.max(1, Math.min(threads, Math.floor(work / THREAD_WORK)));
}

/** Whether a regression fits the memory and the module's counters. */
export function regressionFits(shape: RegressionShape): boolean {
  return blockBytes(regressionArrays(shape)) + scratchBytes(shape) <= MOST_BYTES &&
    Math.max(blockCount(shape), groupCount(shape)) <= MOST_TASKS &&
    mostSteps(shape) * inputBytes(shape) < 2 ** 31;
}
