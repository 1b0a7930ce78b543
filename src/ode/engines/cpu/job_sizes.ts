import { roundUp } from "../../../core/numbers/round_up.ts";
import {
  activationPlanes,
  type FusedMlpShape,
  lanesBytes,
  parameterCount,
  planeBytes,
  preparedBytes,
  productBytes,
  productsOf,
  stageBytes,
} from "../../../ops/mlp_field/simd_sizes.ts";
import { memoryCounts, memorySizes } from "../../../core/wasm/memory.layout.ts";
import { MOST_THREADS } from "../../../threads/thread_pool.ts";
import { planeCounts, planeSizes } from "../../../ops/mlp_field/net.layout.ts";
import { engineCounts, engineSizes, reportLayout } from "./job.layout.ts";

/**
 * Sizes in bytes of a job of the SIMD engine, computed in float64: exact up to 2^53, and compared with
 * the memory before anything is allocated. The module (kernel/scratch.part.as.ts) lays out its memory
 * by the same rules in 64-bit integers and traps if its total differs.
 */

export { parameterCount };

/** The shapes that determine the sizes of a job. */
export interface JobShape extends FusedMlpShape {
  /** Number of rows of the problem. */
  readonly rows: number;
  /** Width of the state. */
  readonly width: number;
  /** Whether the state carries the energies. */
  readonly energies: boolean;
  /** Rows of a control group, at most `rows`. */
  readonly groupRows: number;
  /** Stages of the Runge-Kutta method. */
  readonly stages: number;
  /** Number of coefficients of the interpolant. */
  readonly interpolant: number;
  /** Number of requested times. */
  readonly times: number;
}

/** The use of a thread's scratch memory. */
export type ScratchUse = "solve" | "pullBack" | "adjoint";

/** Number of partial sums of the parameter cotangent; fixed, so that the bits do not depend on the threads. */
const PARTIAL_SUMS = 32;

/** Largest size of all partial sums in bytes; networks for which {@link PARTIAL_SUMS} exceed it have fewer. */
const PARTIAL_SUMS_BYTES = 2 ** 30;

const { LANES } = planeCounts.values;
const { LANE_BYTES, PAIR_BYTES } = planeSizes.values;
const { COLUMN_BYTES, HEAD_BYTES, CHUNK_BYTES } = engineSizes.values;
const { MOST_KEPT_TILES } = engineCounts.values;

/** Largest total size of a job in bytes; the rest of the memory is for step records. */
export const mostJobBytes = (memoryCounts.values.PAGE_COUNT - 4096) * memorySizes.values.PAGE_BYTES;

/** Number of tiles of a full group. */
export function tilesOf({ rows, groupRows }: JobShape): number {
  return Math.ceil(Math.min(groupRows, rows) / LANES);
}

/** Bytes of the state of a group. */
function stateBytes(shape: JobShape): number {
  return tilesOf(shape) * shape.width * COLUMN_BYTES;
}

/** Bytes per tile of activations, planes of the pull-back, and per-lane sums. */
function adjointBytes(shape: JobShape): number {
  return activationPlanes(shape) * planeBytes(shape) + stageBytes(shape) + lanesBytes(shape);
}

/** Bytes of the scratch memory of a group that a thread solves. For an adjoint, `width` is that of (y, cotangent of y). */
export function scratchBytes(shape: JobShape, use: ScratchUse): number {
  const { dims, hidden, probed, energies, width, stages } = shape;
  const tiles = tilesOf(shape), state = stateBytes(shape);
  const plane = planeBytes(shape), narrow = dims * LANE_BYTES;
  let bytes = HEAD_BYTES;
  bytes += (3 + stages + 1) * state; // y, y1, spareState, slopes
  bytes += narrow + LANE_BYTES + (energies ? narrow + 2 * LANE_BYTES : 0); // f
  bytes += 3 * plane; // spare
  if (probed) bytes += tiles * (2 * plane + narrow); // directions, probes
  bytes += roundUp(4 * hidden, 16); // bias
  if (use === "solve") {
    bytes += narrow; // x
    bytes += activationPlanes(shape) * plane; // act
    bytes += roundUp(8 * (stages + 1), 16); // stage: weights of dense output
  } else {
    bytes += stages * narrow; // x
    bytes += stages * activationPlanes(shape) * plane; // act
    bytes += stages * stageBytes(shape); // stage
    bytes += (stages + 1) * width * COLUMN_BYTES; // pulled, cotangent
    bytes += lanesBytes(shape);
    bytes += narrow; // ofX
    bytes += productBytes(shape, stages); // outer
    const products = productsOf(shape);
    bytes += 2 * stages * (products.hidden + products.narrow) * PAIR_BYTES; // ofW0 to ofW3
  }
  if (use === "adjoint") {
    bytes += adjointBytes(shape) * (tiles <= MOST_KEPT_TILES ? (stages + 1) * tiles : 1);
  }
  bytes += 8 * stages; // traced, kept
  return roundUp(bytes, 128);
}

/** Largest scratch memory of which a thread has two. */
const LANE_LIMIT_BYTES = 2 ** 24;

/**
 * Number of groups that a thread solves side by side, or of partial sums whose tiles it pulls back: two
 * tiles load each weight once. Groups of several tiles, states with energies, adjoint solves, and fewer
 * than all `threads` would take, go one by one. No bits depend on it.
 */
export function lanesOf(shape: JobShape, use: ScratchUse, threads: number): 1 | 2 {
  const items = use === "solve" ? groupsOf(shape) : partialSums(shape, tilesOfAllGroups(shape));
  return mayPair(shape, use) && items >= 2 * threads ? 2 : 1;
}

/** Whether a thread may take two groups or partial sums side by side, as far as the shapes go. */
export function mayPair(shape: JobShape, use: ScratchUse): boolean {
  const isAlone = use === "adjoint" || use === "solve" && tilesOf(shape) > 1 || shape.energies;
  return !isAlone && scratchBytes(shape, use) <= LANE_LIMIT_BYTES;
}

/** Number of partial sums of a direct gradient; depends on shapes only. */
export function partialSums(shape: JobShape, items: number): number {
  const fitting = Math.floor(PARTIAL_SUMS_BYTES / (4 * parameterCount(shape)));
  return Math.max(1, Math.min(PARTIAL_SUMS, items, fitting));
}

/** Number of control groups of a problem. */
export function groupsOf({ rows, groupRows }: JobShape): number {
  return Math.ceil(rows / groupRows);
}

/** Number of tiles distributed over the partial sums of a direct gradient. */
export function tilesOfAllGroups(shape: JobShape): number {
  return groupsOf(shape) * tilesOf(shape);
}

/** Bytes of the arrays of a solve; see job.layout.ts. */
export function solveArrays(shape: JobShape) {
  const { rows, width, dims, stages, times } = shape, groups = groupsOf(shape);
  return {
    tableau: 8 * stages * (3 + stages),
    interpolant: 8 * shape.interpolant,
    parameters: 4 * parameterCount(shape),
    prepared: preparedBytes(shape),
    y0: 4 * rows * width,
    y1: 4 * rows * width,
    probes: shape.probed ? 4 * rows * dims : 0,
    times: 8 * times,
    timeStates: 4 * times * rows * width,
    reports: reportLayout.bytes * groups,
    lastRecords: 4 * groups,
  } as const;
}

/** Bytes of the arrays of a direct pull-back. */
export function pullBackArrays(shape: JobShape) {
  const { rows, width } = shape;
  const sums = partialSums(shape, tilesOfAllGroups(shape));
  return {
    cotangent: 4 * rows * width,
    ofY0: 4 * rows * width,
    gradients: 4 * sums * parameterCount(shape),
  } as const;
}

/** Bytes of the arrays of an adjoint solve; `width` is that of (y, cotangent of y). */
export function adjointArrays(shape: JobShape) {
  const { rows, width } = shape, groups = groupsOf(shape);
  return {
    y0: 4 * rows * width,
    y1: 4 * rows * width,
    reports: reportLayout.bytes * groups,
    lastRecords: 4 * groups,
    gradients: 4 * partialSums(shape, groups) * parameterCount(shape),
  } as const;
}

/** Bytes of a block of arrays aligned to cache lines. */
export function blockBytes(arrays: Readonly<Record<string, number>>): number {
  return Object.values(arrays).reduce((sum, bytes) => sum + roundUp(bytes, 64), 0);
}

/** Peak bytes of a job with one thread, including its pull-back through records. */
export function jobBytesNeeded(shape: JobShape, keepsRecords: boolean): number {
  const arrays = blockBytes(solveArrays(shape));
  const solve = arrays + scratchBytes(shape, "solve");
  if (!keepsRecords) return solve;
  const pullBack = arrays + blockBytes(pullBackArrays(shape)) + scratchBytes(shape, "pullBack");
  return Math.max(solve, pullBack);
}

/** Peak bytes of an adjoint solve with one thread; `width` is that of (y, cotangent of y). */
export function adjointBytesNeeded(shape: JobShape): number {
  const arrays = blockBytes(solveArrays(shape)) + blockBytes(adjointArrays(shape));
  return arrays + scratchBytes(shape, "adjoint");
}

/** Number of threads, at most `threads`, whose scratch memory fits; at least one for a job that fits. */
export function threadsThatFit(shape: JobShape, use: ScratchUse, threads: number): number {
  const pulled = use === "solve"
    ? {}
    : use === "pullBack"
    ? pullBackArrays(shape)
    : adjointArrays(shape);
  const room = mostJobBytes - blockBytes(solveArrays(shape)) - blockBytes(pulled);
  return Math.max(
    1,
    Math.min(
      threads,
      MOST_THREADS,
      Math.floor(room / (lanesOf(shape, use, 1) * scratchBytes(shape, use))),
    ),
  );
}

/**
 * Number of chunks for activations of recorded steps within `bytes`, beside the pull-back on `threads`, whose
 * scratch memory is counted twice where they may solve two groups of a sum side by side, however few sums
 * there are.
 */
export function activationChunks(shape: JobShape, bytes: number, threads: number): number {
  const used = threadsThatFit(shape, "pullBack", threads);
  const lanes = mayPair(shape, "pullBack") ? 2 : 1;
  const scratch = used * lanes * scratchBytes(shape, "pullBack");
  const arrays = blockBytes(solveArrays(shape)) + blockBytes(pullBackArrays(shape));
  const room = mostJobBytes - arrays - scratch;
  return Math.max(0, Math.floor(Math.min(bytes, room) / CHUNK_BYTES));
}

/** Whether a job fits into memory, and a recorded step of a control group, which is contiguous, into a chunk. */
export function jobFits(shape: JobShape, keepsRecords: boolean): boolean {
  if (jobBytesNeeded(shape, keepsRecords) > mostJobBytes) return false;
  const { stages } = shape;
  return !keepsRecords || stateBytes(shape) * (stages + 1) + 8 * stages < CHUNK_BYTES - 256;
}
