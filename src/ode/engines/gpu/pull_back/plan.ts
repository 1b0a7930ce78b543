import { type WorkgroupVariable, workgroupVariables } from "../../../../backends/gpu/mod.ts";
import type { MlpShape } from "../../../../ops/mlp_field/contract.ts";
import { directionsOf, type TraceKind, widthOf } from "../field_wgsl.ts";
import { packedWeights } from "../packed_weights.ts";
import { largestDivisor } from "../prelude_wgsl.ts";

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
  /** Threads per workgroup: one per row and quad. */
  readonly threads: number;
  /** Stages for which the shader has room. */
  readonly stageRoom: number;
  /** Iterations of the products' loops that are unrolled. */
  readonly unroll: number;
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
  /** Largest number of iterations of the products' loops that are unrolled. Default 4. */
  readonly unroll?: number;
}

/** Largest number of partial sums: the reduction reads each of them. */
export const MOST_PARTIAL_SUMS = 512;

/** The partial sums are one binding: WebGPU's guaranteed `maxStorageBufferBindingSize`. */
const MOST_PARTIAL_SUM_BYTES = 128 * 2 ** 20;

/** Largest number of rows per tile. */
const MOST_TILE_ROWS = 8;

/** WebGPU's guaranteed `maxComputeInvocationsPerWorkgroup`. */
const MOST_THREADS = 256;

/** Largest use of workgroup memory: on devices with more, two workgroups share a core then. */
const MOST_WORKGROUP_BYTES = 32 * 1024;

/**
 * Mesa's llvmpipe ends all loops of an invocation after 65,535 iterations in total, without a word; a
 * dispatch stays below that. On a GPU this is some tens of milliseconds, far from a driver's watchdog.
 */
const MOST_ITERATIONS = 60_000;

/** Room for stages comes in eights, so that the methods share a shader. */
const STAGE_STEP = 8;

/** The shader's variables in workgroup memory. */
export function pullBackVariables(
  field: Pick<PullBackField, "dims" | "hidden" | "trace">,
  { tileRows, stageRoom }: Pick<PullBackPlan, "tileRows" | "stageRoom">,
): WorkgroupVariable[] {
  const planes = 2 * tileRows * (packedWeights(field).quads + 1);
  const narrow = tileRows * field.dims;
  return [
    {
      name: "planes",
      struct: `array<Planes, ${planes}>`,
      bytes: 16 * planes * (1 + directionsOf(field)),
    },
    // x and the cotangent of f.
    { name: "narrow", type: "f32", count: 2 * narrow },
    { name: "pulled", type: "f32", count: stageRoom * narrow },
    { name: "place", struct: "vec2u", bytes: 8 },
  ];
}

function stageRoomOf({ stages }: PullBackField): number {
  return STAGE_STEP * Math.ceil(stages / STAGE_STEP);
}

/**
 * Rows per tile for a device with so many bytes of workgroup memory; 0 if not even one fits. More than
 * 32 KiB are not used, so that devices have the same bits.
 */
export function pullBackTileRows(field: PullBackField, workgroupBytes: number): number {
  const { quads } = packedWeights(field);
  const most = Math.min(workgroupBytes, MOST_WORKGROUP_BYTES);
  const stageRoom = stageRoomOf(field);
  let tileRows = Math.min(field.groupRows, MOST_TILE_ROWS, Math.floor(MOST_THREADS / quads));
  const bytes = () => workgroupVariables(pullBackVariables(field, { tileRows, stageRoom })).bytes;
  while (tileRows > 0 && bytes() > most) tileRows--;
  return tileRows;
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
  const threads = tileRows * quads;
  const unroll = largestDivisor(quads, tuning.unroll ?? 4);
  const partialSums = Math.min(
    tiles,
    MOST_PARTIAL_SUMS,
    Math.max(1, Math.floor(MOST_PARTIAL_SUM_BYTES / (16 * partialSumSize))),
  );
  const rounds = Math.ceil(tiles / partialSums);
  const iterations = iterationsPerStep(shape, { quads, threads, tileRows, unroll });
  const stepsPerDispatch = tuning.stepsPerDispatch ??
    Math.max(1, Math.floor(MOST_ITERATIONS / iterations));
  return {
    quads,
    tileRows,
    tilesPerGroup,
    tiles,
    threads,
    stageRoom: stageRoomOf(shape),
    unroll,
    partialSums,
    partialSumSize,
    rounds,
    stepsPerDispatch,
    dispatches: Math.ceil(rounds * (chunkSteps + 1) / stepsPerDispatch),
  };
}

/** Iterations of all loops of an invocation per replayed step, at most. */
function iterationsPerStep(
  shape: PullBackShape,
  plan: Pick<PullBackPlan, "quads" | "threads" | "tileRows" | "unroll">,
): number {
  const { dims, stages } = shape;
  const { quads, threads, tileRows, unroll } = plan;
  const products = 4 * quads / unroll;
  const outer = 2 * Math.ceil(quads * quads / threads) * (1 + tileRows);
  // Per thread that has dimensions: the stage's input and cotangent, and the cotangent of x.
  const perDimension = Math.ceil(dims / quads) * (2 + stages + quads / unroll);
  // Loops over dimensions: both outer layers, forward and backward, their gradients, their directions.
  const narrow = 8 * dims;
  const start = 1 + widthOf(shape), end = Math.ceil(dims / quads) * (1 + stages);
  return start + stages * (1 + products + outer + perDimension + narrow) + end;
}
