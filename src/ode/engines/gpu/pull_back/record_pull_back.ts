import * as tf from "../../../../core/tfjs/library.ts";
import {
  type Gpu,
  type Operand,
  type PooledBuffer,
  type Program,
  type ProgramSource,
  workgroupVariables,
} from "../../../../backends/gpu/mod.ts";
import type { Tensor1D, Tensor2D } from "../../../../core/tensors.ts";
import { mlpLayout, type MlpShape } from "../../../../ops/mlp_field/contract.ts";
import type { Tableau } from "../../../tableau.ts";
import { widthOf } from "../field_wgsl.ts";
import { gradientPlacesOn } from "../packing.ts";
import { tilesOn } from "../tiles/chosen_tiles.ts";
import {
  type PullBackPlan,
  pullBackPlan,
  type PullBackShape,
  type PullBackTuning,
  pullBackVariables,
} from "./plan.ts";
import { takeRounds } from "./progress.ts";
import { pullBackShader } from "./pull_back_wgsl.ts";
import { REDUCED_PER_WORKGROUP, REDUCTION_THREADS, reductionShader } from "./reduction_wgsl.ts";

/** A recorded solve and the cotangent to pull back; all remain the caller's. */
export interface ReplayInputs {
  readonly shape: PullBackShape;
  readonly tableau: Tableau;
  /** As in packed_weights.ts. */
  readonly weights: Operand;
  /** In the order in which they were written; see records.ts. At least one. */
  readonly chunks: readonly PooledBuffer[];
  /** [rows, dims], with Hutchinson's trace; else null. */
  readonly probes: Operand | null;
  /** [rows, width], cotangent of y1. */
  readonly cotangent: Operand;
}

/** {@link ReplayInputs} with tensors, and any number of chunks. */
export interface PullBackInputs extends ReplayInputs {
  readonly cotangent: Tensor2D;
}

/** The cotangents of a pull-back, owned by the caller. */
export interface PulledBack {
  /** [rows, width], cotangent of y0. */
  readonly y0: Tensor2D;
  /** Cotangent of the flat parameter vector, device order. */
  readonly parameters: Tensor1D;
}

/** A quiet NaN, which WGSL does not let shaders write as a constant. */
const QUIET_NAN = 0x7fc00000;

/**
 * The plan on a device, with its tile.
 *
 * @throws {RangeError} If the shape does not fit the device.
 */
export function pullBackPlanOn(
  gpu: Gpu,
  shape: PullBackShape,
  tuning: PullBackTuning = {},
): PullBackPlan {
  return pullBackPlan(shape, gpu.limits.maxComputeWorkgroupStorageSize, {
    ...tuning,
    tile: tuning.tile ?? tilesOn(gpu, shape).pullBack,
  });
}

/** Bytes of the partial sums of a plan. */
export function partialSumBytes(
  { partialSums, partialSumSize }: Pick<PullBackPlan, "partialSums" | "partialSumSize">,
): number {
  return 16 * partialSums * partialSumSize;
}

/**
 * Records the pull-back of a recorded solve (pull_back_wgsl.ts); nothing is read from the device. If the
 * kernel is cut short the gradient is NaN: `requireWholePullBacks` says so.
 *
 * @throws {RangeError} If the shape does not fit the device.
 * @throws {FailureError} If its buffers do not.
 */
export function recordPullBack(
  gpu: Gpu,
  inputs: PullBackInputs,
  tuning?: PullBackTuning,
): PulledBack {
  const { shape, chunks, cotangent } = inputs;
  const plan = pullBackPlanOn(gpu, shape, tuning);
  using sums = gpu.scratch(partialSumBytes(plan));
  gpu.clear(sums);
  const program = gpu.program(replayProgram(shape, plan));
  return tf.tidy(() => {
    const y0 = chunks.length === 0
      ? tf.clone(cotangent)
      : gpu.tensor<Tensor2D>([shape.rows, widthOf(shape)]);
    const progress = recordReplay(gpu, inputs, { plan, program, sums, y0 });
    const parameters = gpu.tensor<Tensor1D>([mlpLayout(shape).size]);
    recordReduction(gpu, { shape, plan, sums, progress, gradient: parameters });
    return { y0, parameters };
  });
}

/** The program of {@link recordReplay}. */
export function replayProgram(shape: PullBackShape, plan: PullBackPlan): ProgramSource {
  return {
    name: "pull-back",
    code: pullBackShader(shape, plan),
    bindings: [
      ...["read", "read", "read", "read"] as const,
      ...["readWrite", "readWrite", "readWrite"] as const,
      ...(shape.trace === "hutchinson" ? ["read"] as const : []),
    ],
    threads: plan.threads,
    workgroupBytes: workgroupVariables(pullBackVariables(shape, plan)).bytes,
  };
}

/**
 * Records the replay of a recorded solve, which adds the gradient of the parameters to partial sums.
 *
 * @param to.plan Of {@link pullBackPlan} for the shape.
 * @param to.program Of {@link replayProgram}.
 * @param to.sums {@link partialSumBytes}, cleared before the first replay that adds to them.
 * @param to.y0 [rows, width], the cotangent of y0.
 * @returns Where it stopped, for {@link recordReduction}; remains the device's.
 */
export function recordReplay(
  gpu: Gpu,
  inputs: ReplayInputs,
  { plan, program, sums, y0 }: {
    readonly plan: PullBackPlan;
    readonly program: Program;
    readonly sums: PooledBuffer;
    readonly y0: Operand;
  },
): PooledBuffer {
  const { chunks, weights, probes, cotangent } = inputs;
  const { partialSums, rounds, dispatches } = plan;
  const { progress, before } = takeRounds(gpu, rounds * chunks.length);
  for (const [i, chunk] of chunks.toReversed().entries()) {
    using job = gpu.upload(jobOf(inputs, plan, { isFirst: i === 0, before: before + i * rounds }));
    const operands: Operand[] = [job, weights, chunk, cotangent, y0, sums, progress];
    if (probes !== null) operands.push(probes);
    for (let j = 0; j < dispatches; j++) gpu.record(program, operands, partialSums);
  }
  return progress;
}

/** The shader's `Job` for a chunk. */
function jobOf(
  { shape, tableau: { c, b, a } }: ReplayInputs,
  plan: PullBackPlan,
  { isFirst, before }: { readonly isFirst: boolean; readonly before: number },
): Float32Array {
  const { rows, groupRows, stages, chunkSteps } = shape;
  const { tilesPerGroup, tiles, partialSums, rounds, stepsPerDispatch } = plan;
  const groups = Math.ceil(rows / groupRows);
  const head = Uint32Array.of(
    ...[rows, groupRows, tilesPerGroup, tiles],
    ...[partialSums, rounds, before, stepsPerDispatch],
    ...[groups, chunkSteps, stages, Number(isFirst)],
    3,
  );
  const job = new Float32Array(head.length + stages * (2 + stages));
  new Uint32Array(job.buffer).set(head);
  const [ofC, ofB, ofA] = [0, stages, 2 * stages].map((at) => head.length + at) as [
    number,
    number,
    number,
  ];
  for (let stage = 0; stage < stages; stage++) {
    job[ofC + stage] = c[stage]!;
    job[ofB + stage] = b[stage]!;
    job.set(a[stage]!, ofA + stage * stages);
  }
  return job;
}

/** Where the reduction of a training step leaves what Adam needs beside the gradient. */
export interface ReductionNotes {
  /** [{@link squaresOfGradient}], sums of squares of parts of the gradient. */
  readonly squares: PooledBuffer;
  /** Words, the first of which gets `CUT_SHORT` if a replay was cut short. */
  readonly verdict: PooledBuffer;
}

/** Number of sums of squares of {@link ReductionNotes}. */
export function squaresOfGradient(shape: MlpShape): number {
  return Math.ceil(mlpLayout(shape).size / REDUCED_PER_WORKGROUP);
}

const reduction: ProgramSource = {
  name: "gradient reduction",
  code: reductionShader("gradient"),
  bindings: ["read", "read", "read", "read", "readWrite"],
  threads: REDUCTION_THREADS,
  workgroupBytes: 4 * REDUCTION_THREADS,
};

/** The reduction of a training step. */
export const notedReduction: ProgramSource = {
  ...reduction,
  code: reductionShader("gradientAndNotes"),
  bindings: [...reduction.bindings, "readWrite", "readWrite"],
};

/**
 * Records the sum of partial sums (reduction_wgsl.ts).
 *
 * @param into.gradient Flat, device order.
 */
export function recordReduction(
  gpu: Gpu,
  { shape, plan: { partialSums, partialSumSize }, sums, progress, gradient, notes = null }: {
    readonly shape: MlpShape;
    readonly plan: Pick<PullBackPlan, "partialSums" | "partialSumSize">;
    readonly sums: PooledBuffer;
    readonly progress: PooledBuffer;
    readonly gradient: Operand;
    readonly notes?: ReductionNotes | null;
  },
): void {
  const { size } = mlpLayout(shape);
  using job = gpu.upload(Uint32Array.of(size, partialSums, 4 * partialSumSize, QUIET_NAN));
  const operands = [job, sums, gradientPlacesOn(gpu, shape), progress, gradient];
  if (notes !== null) operands.push(notes.squares, notes.verdict);
  const program = gpu.program(notes === null ? reduction : notedReduction);
  gpu.record(program, operands, Math.ceil(size / REDUCED_PER_WORKGROUP));
}
