import {
  MOST_ITERATIONS,
  MOST_WORKGROUP_BYTES,
  type WorkgroupVariable,
  workgroupVariables,
} from "../../../../backends/gpu/mod.ts";
import type { MlpShape } from "../../../../ops/mlp_field/contract.ts";
import {
  directionsOf,
  featureSumIterations,
  type FieldShape,
  shareVariable,
  type TraceKind,
} from "../field_wgsl.ts";
import { packedWeights } from "../packed_weights.ts";
import { largestDivisor } from "../prelude_wgsl.ts";
import {
  threadsFor,
  type ThreadTile,
  unrollWithin,
  USUAL_TILE,
  type WantedTile,
} from "../tiles/thread_tile.ts";

/** The shapes that determine the pull-back's shader. */
export interface PullBackField extends MlpShape {
  readonly trace: TraceKind;
  /** Rows per control group, at most those of the problem. */
  readonly groupRows: number;
  /** Slopes in a record: all stages, or all but the last of an FSAL method. */
  readonly stages: number;
}

/** The shapes that determine its buffers too. */
export interface PullBackShape extends PullBackField {
  /** Rows of the problem. */
  readonly rows: number;
  /** Steps per group for which a chunk of the records has room. */
  readonly chunkSteps: number;
}

/** How the pull-back is laid out on the device. */
export interface PullBackPlan {
  /** Vectors of four features per row. */
  readonly quads: number;
  /** Rows per tile, which one workgroup replays; a tile never crosses groups. */
  readonly tileRows: number;
  /** Tiles per control group. */
  readonly tilesPerGroup: number;
  /** Tiles in all. */
  readonly tiles: number;
  /** What a thread computes of a tile. */
  readonly tile: ThreadTile;
  /** Threads per workgroup. */
  readonly threads: number;
  /** Stages for which the shader has room. */
  readonly stageRoom: number;
  /** Partial sums of the parameter gradient, and workgroups of a dispatch. */
  readonly partialSums: number;
  /** Vectors of four float32 per partial sum. */
  readonly partialSumSize: number;
  /** Tiles per partial sum. */
  readonly rounds: number;
  /** Steps, and one per finished tile, that a workgroup replays per dispatch. */
  readonly stepsPerDispatch: number;
  /** Dispatches after which all steps of a chunk are replayed. */
  readonly dispatches: number;
}

/** Settings that change the speed, never the bits. */
export interface PullBackTuning {
  /** Default: as many as {@link MOST_ITERATIONS} allow. */
  readonly stepsPerDispatch?: number;
  /** What a thread computes, as far as the shapes allow it; columns are a function of the shapes. */
  readonly tile?: WantedTile | undefined;
}

/** Columns at a time at most. */
const MOST_COLUMNS = 4;

/** As for a solve; more is alive from one product to the next, and most with passes. */
const MOST_ACCUMULATORS = { together: 6, inPasses: 4 };

/** Largest number of partial sums: the reduction reads each of them. */
export const MOST_PARTIAL_SUMS = 512;

/** The partial sums are one binding: WebGPU's guaranteed `maxStorageBufferBindingSize`. */
const MOST_PARTIAL_SUM_BYTES = 128 * 2 ** 20;

/** Largest number of rows per tile. */
const MOST_TILE_ROWS = 8;

/** WebGPU's guaranteed `maxComputeInvocationsPerWorkgroup`. */
const MOST_THREADS = 256;

/** Room for stages comes in eights, so that the methods share a shader. */
const STAGE_STEP = 8;

/**
 * Whether the value and all tangents of a stage are pulled back together. If not, the tangents come in passes
 * of `tile.columns`.
 */
export function isPulledTogether(field: Pick<FieldShape, "dims" | "trace" | "tile">): boolean {
  return field.tile.columns === 1 + directionsOf(field);
}

/** The shader's variables in workgroup memory. */
export function pullBackVariables(
  field: Pick<PullBackField, "dims" | "hidden" | "trace">,
  { tileRows, stageRoom, tile: { columns } }: Pick<PullBackPlan, "tileRows" | "stageRoom"> & {
    readonly tile: Pick<ThreadTile, "columns">;
  },
): WorkgroupVariable[] {
  const { quads } = packedWeights(field);
  const planes = {
    struct: `array<array<Planes, ${quads + 1}>, ${tileRows}>`,
    bytes: 16 * tileRows * (quads + 1) * columns,
  };
  const narrow = tileRows * field.dims;
  return [
    { name: "near", ...planes },
    { name: "pulls", ...planes },
    // x and the cotangent of f.
    { name: "narrow", type: "f32", count: 2 * narrow },
    { name: "pulled", type: "f32", count: stageRoom * narrow },
    shareVariable({ ...field, tileRows }, field.dims),
    { name: "place", struct: "vec2u", bytes: 8 },
  ];
}

function stageRoomOf({ stages }: PullBackField): number {
  return STAGE_STEP * Math.ceil(stages / STAGE_STEP);
}

/** Whether so many rows, with so many columns at a time, fit into workgroup memory. */
function fits(
  field: PullBackField,
  workgroupBytes: number,
  { tileRows, columns }: { readonly tileRows: number; readonly columns: number },
): boolean {
  const variables = pullBackVariables(field, {
    tileRows,
    stageRoom: stageRoomOf(field),
    tile: { columns },
  });
  return workgroupVariables(variables).bytes <= Math.min(workgroupBytes, MOST_WORKGROUP_BYTES);
}

/**
 * Rows per tile for a device with so many bytes of workgroup memory; 0 if not even one fits. More than
 * 32 KiB are not used, so that devices have the same bits.
 */
export function pullBackTileRows(field: PullBackField, workgroupBytes: number): number {
  const { quads } = packedWeights(field);
  let tileRows = Math.min(field.groupRows, MOST_TILE_ROWS, Math.floor(MOST_THREADS / quads));
  while (tileRows > 0 && !fits(field, workgroupBytes, { tileRows, columns: 1 })) tileRows--;
  return tileRows;
}

/** Columns at a time: all, or as many tangents as fit, in passes of equal size. */
function pullBackColumns(field: PullBackField, workgroupBytes: number, tileRows: number): number {
  const directions = directionsOf(field);
  const all = 1 + directions;
  if (all <= MOST_COLUMNS && fits(field, workgroupBytes, { tileRows, columns: all })) return all;
  for (let passes = Math.ceil(directions / MOST_COLUMNS);; passes++) {
    const columns = Math.ceil(directions / passes);
    if (columns === 1 || fits(field, workgroupBytes, { tileRows, columns })) return columns;
  }
}

/**
 * The plan for a shape. The order of every sum depends on the shape and on {@link pullBackTileRows}
 * alone.
 *
 * @param workgroupBytes The device's `maxComputeWorkgroupStorageSize`.
 * @throws {RangeError} If a row does not fit into workgroup memory.
 */
export function pullBackPlan(
  shape: PullBackShape,
  workgroupBytes: number,
  tuning: PullBackTuning = {},
): PullBackPlan {
  const { rows, groupRows, chunkSteps } = shape;
  const tileRows = pullBackTileRows(shape, workgroupBytes);
  if (tileRows === 0) {
    throw new RangeError(
      `pull-back: a network of width ${shape.hidden} with ${directionsOf(shape)} directions does ` +
        `not fit ${workgroupBytes} bytes of workgroup memory`,
    );
  }
  const { quads, gradientSize: partialSumSize } = packedWeights(shape);
  const tilesPerGroup = Math.ceil(groupRows / tileRows);
  const tiles = Math.ceil(rows / groupRows) * tilesPerGroup;
  const wanted = tuning.tile ?? USUAL_TILE;
  const columns = pullBackColumns(shape, workgroupBytes, tileRows);
  const most = MOST_ACCUMULATORS[columns === 1 + directionsOf(shape) ? "together" : "inPasses"];
  const places = most / columns;
  const rowsPerThread = largestDivisor(tileRows, Math.min(wanted.rows, places));
  const wantedTile: ThreadTile = {
    rows: rowsPerThread,
    quads: largestDivisor(quads, Math.min(wanted.quads, places / rowsPerThread)),
    columns,
    unroll: wanted.unroll,
  };
  const tile = { ...wantedTile, unroll: unrollWithin(wantedTile, most) };
  const threads = threadsFor({ tileRows, tile }, quads);
  const partialSums = Math.min(
    tiles,
    MOST_PARTIAL_SUMS,
    Math.max(1, Math.floor(MOST_PARTIAL_SUM_BYTES / (16 * partialSumSize))),
  );
  const rounds = Math.ceil(tiles / partialSums);
  const iterations = iterationsPerStep({ ...shape, tileRows, tile }, shape.stages);
  const stepsPerDispatch = tuning.stepsPerDispatch ??
    Math.max(1, Math.floor(MOST_ITERATIONS / iterations));
  return {
    quads,
    tileRows,
    tilesPerGroup,
    tiles,
    tile,
    threads,
    stageRoom: stageRoomOf(shape),
    partialSums,
    partialSumSize,
    rounds,
    stepsPerDispatch,
    dispatches: Math.ceil(rounds * (chunkSteps + 1) / stepsPerDispatch),
  };
}

/** Rows of planes that the outer product of the gradient loads at a time. */
export function outerRowsAtOnce({ tileRows, tile }: Pick<FieldShape, "tileRows" | "tile">): number {
  return tile.unroll === 1 ? 1 : largestDivisor(tileRows, 2);
}

/** Iterations of all loops of an invocation per replayed step, at most. */
function iterationsPerStep(field: FieldShape, stages: number): number {
  const { dims, tileRows, tile } = field, { quads } = packedWeights(field);
  const threads = threadsFor(field, quads);
  const elements = Math.ceil(tileRows * dims / threads);
  const perQuad = Math.ceil(quads / threads) * (1 + tileRows);
  const product = 1 + quads / largestDivisor(quads, tile.unroll);
  const outer = Math.ceil(quads * quads / threads) *
    (1 + tileRows / outerRowsAtOnce(field));
  // Both narrow matrices and their biases, and the cotangent of h3.
  const perNarrow = Math.ceil(dims * quads / threads) * (1 + tileRows);
  const narrow = 2 * perNarrow + 2 * perQuad +
    Math.ceil(dims / threads) * (1 + tileRows) + tile.rows * tile.quads * dims;
  const layers = 2 * product + 2 * (1 + outer + perQuad + product);
  const passes = isPulledTogether(field) ? 0 : Math.ceil(directionsOf(field) / tile.columns);
  const perPass = 1 + layers + 2 * perNarrow;
  const perStage = 1 + elements + dims + narrow + layers + passes * perPass +
    featureSumIterations(field, dims);
  // The directions, the first cotangent, and the sums at the end.
  return 1 + dims + elements * (1 + stages) + tileRows + stages * perStage;
}
