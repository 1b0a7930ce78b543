import * as tf from "../../../../core/tfjs/library.ts";
import {
  type Gpu,
  type Operand,
  type PooledBuffer,
  workgroupVariables,
} from "../../../../backends/gpu/mod.ts";
import type { Tensor1D, Tensor2D } from "../../../../core/tensors.ts";
import { mlpLayout, type MlpShape } from "../../../../ops/mlp_field/contract.ts";
import type { Tableau } from "../../../tableau.ts";
import { widthOf } from "../field_wgsl.ts";
import { gradientPlacesOn } from "../packing.ts";
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
export interface PullBackInputs {
  readonly shape: PullBackShape;
  readonly tableau: Tableau;
  /** As in packed_weights.ts. */
  readonly weights: Operand;
  /** In the order in which they were written; see records.ts. */
  readonly chunks: readonly PooledBuffer[];
  /** [rows, dims], with Hutchinson's trace; else null. */
  readonly probes: Operand | null;
  /** [rows, width], cotangent of y1. */
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
  const { shape, chunks, weights, probes, cotangent } = inputs;
  const plan = pullBackPlan(shape, gpu.limits.maxComputeWorkgroupStorageSize, tuning);
  const program = gpu.program({
    name: "pull-back",
    code: pullBackShader(shape, plan),
    bindings: [
      ...["read", "read", "read", "read"] as const,
      ...["readWrite", "readWrite", "readWrite"] as const,
      ...(probes === null ? [] : ["read"] as const),
    ],
    threads: plan.threads,
    workgroupBytes: workgroupVariables(pullBackVariables(shape, plan)).bytes,
  });
  const { partialSums, partialSumSize, rounds, dispatches } = plan;
  const sums = gpu.scratch(16 * partialSums * partialSumSize);
  gpu.clear(sums);
  const { progress, before } = takeRounds(gpu, rounds * chunks.length);
  const y0 = chunks.length === 0
    ? tf.clone(cotangent)
    : gpu.tensor<Tensor2D>([shape.rows, widthOf(shape)]);
  chunks.toReversed().forEach((chunk, i) => {
    const job = gpu.upload(jobOf(inputs, plan, { isFirst: i === 0, before: before + i * rounds }));
    const operands: Operand[] = [job, weights, chunk, cotangent, y0, sums, progress];
    if (probes !== null) operands.push(probes);
    for (let j = 0; j < dispatches; j++) gpu.record(program, operands, partialSums);
    job.release();
  });
  const parameters = recordReduction(gpu, { shape, plan, sums, progress });
  sums.release();
  return { y0, parameters };
}

/** The shader's `Job` for a chunk. */
function jobOf(
  { shape, tableau: { c, b, a } }: PullBackInputs,
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

/** Records the sum of partial sums (reduction_wgsl.ts). */
function recordReduction(
  gpu: Gpu,
  { shape, plan: { partialSums, partialSumSize }, sums, progress }: {
    readonly shape: MlpShape;
    readonly plan: Pick<PullBackPlan, "partialSums" | "partialSumSize">;
    readonly sums: PooledBuffer;
    readonly progress: PooledBuffer;
  },
): Tensor1D {
  const { size } = mlpLayout(shape);
  const workgroups = Math.ceil(size / REDUCED_PER_WORKGROUP);
  const parameters = gpu.tensor<Tensor1D>([size]);
  const job = gpu.upload(Uint32Array.of(size, partialSums, 4 * partialSumSize, QUIET_NAN));
  const program = gpu.program({
    name: "gradient reduction",
    code: reductionShader(),
    bindings: ["read", "read", "read", "read", "readWrite"],
    threads: REDUCTION_THREADS,
    workgroupBytes: 4 * REDUCTION_THREADS,
  });
  const operands = [job, sums, gradientPlacesOn(gpu, shape), progress, parameters];
  gpu.record(program, operands, workgroups);
  job.release();
  return parameters;
}
