import type { KernelCall } from "../../threads/wasm.ts";
import {
  ADAM_THREADS,
  adamShader,
  adamState,
  guardedAdamShader,
  SQUARES_PER_WORKGROUP,
  squaresShader,
} from "../../ops/adam/adam_wgsl.ts";
import { ADAM_STEP, adamScales, type AdamStepSettings } from "../../ops/adam/contract.ts";
import type { Tensor1D } from "../../core/tensors.ts";
import type { Gpu } from "./gpu.ts";
import { type DeviceLimits, programExcess } from "./limits.ts";
import type { PooledBuffer } from "./buffers.ts";
import { type ProgramSource, sizeOf } from "./programs.ts";
import { replaceGpuKernel } from "./replace_gpu_kernel.ts";

/** Arguments of the operation: vectors [n]. */
interface AdamStepCall extends KernelCall<"weights" | "gradient" | "m" | "v", AdamStepSettings> {
  readonly inputs:
    & Readonly<Record<"weights" | "gradient" | "m" | "v", Tensor1D>>
    & { readonly average?: Tensor1D };
}

const WORKGROUP_BYTES = 4 * ADAM_THREADS;

const squaresProgram: ProgramSource = {
  name: "squares",
  code: squaresShader,
  bindings: ["uniform", "read", "readWrite"],
  threads: ADAM_THREADS,
  workgroupBytes: WORKGROUP_BYTES,
};

function adamProgram(state: readonly string[]): ProgramSource {
  return {
    name: "Adam",
    code: adamShader({ hasAverage: state.includes("average") }),
    bindings: [
      ...["uniform", "read", "read"] as const, // job, squares, gradient
      ...state.map(() => "read" as const),
      ...state.map(() => "readWrite" as const),
    ],
    threads: ADAM_THREADS,
    workgroupBytes: WORKGROUP_BYTES,
  };
}

/** The program of {@link recordGuardedAdam}. */
export function guardedAdamProgram(
  { hasAverage }: { readonly hasAverage: boolean },
): ProgramSource {
  return hasAverage ? guardedWithAverage : guarded;
}

const [guarded, guardedWithAverage] = [false, true].map((hasAverage): ProgramSource => ({
  name: "guarded Adam",
  code: guardedAdamShader({ hasAverage }),
  bindings: [
    ...["uniform", "read", "read", "read"] as const, // job, squares, gradient, verdict
    ...adamState({ hasAverage }).map(() => "readWrite" as const),
  ],
  threads: ADAM_THREADS,
  workgroupBytes: WORKGROUP_BYTES,
})) as [ProgramSource, ProgramSource];

/** What Adam updates in place, float32 [n] each. */
export interface AdamBuffers {
  readonly weights: PooledBuffer;
  readonly m: PooledBuffer;
  readonly v: PooledBuffer;
  /** Null if there is none. */
  readonly average: PooledBuffer | null;
}

/**
 * Records a step of Adam in place: one dispatch.
 *
 * @param along.gradient [n].
 * @param along.squares Sums of squares of parts of the gradient, any number.
 * @param along.verdict Unless its first word is zero nothing changes.
 */
export function recordGuardedAdam(
  gpu: Gpu,
  { weights, m, v, average }: AdamBuffers,
  along: {
    readonly gradient: PooledBuffer;
    readonly squares: PooledBuffer;
    readonly verdict: PooledBuffer;
    readonly settings: AdamStepSettings;
  },
): void {
  const { gradient, squares, verdict, settings } = along;
  const size = weights.bytes / 4;
  using job = gpu.upload(adamNumbers(size, settings));
  const state = average === null ? [weights, m, v] : [weights, m, v, average];
  const program = gpu.program(guardedAdamProgram({ hasAverage: average !== null }));
  const operands = [job, squares, gradient, verdict, ...state];
  gpu.record(program, operands, Math.ceil(size / ADAM_THREADS));
}

/** The shaders' `Job`. */
function adamNumbers(size: number, settings: AdamStepSettings): Float32Array {
  const { clip, weightDecay, averageDecay } = settings;
  const { secondScale, rate } = adamScales(settings);
  const numbers = Float32Array.of(0, clip, weightDecay, secondScale, rate, averageDecay);
  new Uint32Array(numbers.buffer)[0] = size;
  return numbers;
}

/** The updated weights, m, v and average: two dispatches, one without clipping. */
function adamStepOn(
  gpu: Gpu,
  inputs: AdamStepCall["inputs"],
  settings: AdamStepSettings,
): Tensor1D[] {
  const { gradient } = inputs, { size } = gradient;
  const { clip } = settings;
  using job = gpu.upload(adamNumbers(size, settings));
  const parts = Math.ceil(size / SQUARES_PER_WORKGROUP);
  using squares = gpu.scratch(4 * parts);
  if (clip > 0) gpu.record(gpu.program(squaresProgram), [job, gradient, squares], parts);
  else gpu.clear(squares);
  const state = adamState({ hasAverage: inputs.average !== undefined });
  const before = state.map((name) => inputs[name as keyof typeof inputs]!);
  const next = before.map(({ shape }) => gpu.tensor<Tensor1D>(shape));
  const operands = [job, squares, gradient, ...before, ...next];
  gpu.record(gpu.program(adamProgram(state)), operands, Math.ceil(size / ADAM_THREADS));
  return next;
}

/**
 * Registers the step of Adam with tfjs's backend of a GPU, where `src/ops/adam/adam_step.ts` finds it. A
 * device with too few bindings per shader keeps the composed form.
 *
 * @param gpu Called at each step.
 */
export function registerGpuAdam(
  backendName: string,
  { limits, gpu }: { readonly limits: DeviceLimits; readonly gpu: () => Gpu },
): void {
  const largest = adamProgram(adamState({ hasAverage: true }));
  if (programExcess(sizeOf(largest), limits).length > 0) return;
  replaceGpuKernel(
    backendName,
    ADAM_STEP,
    ({ inputs, attrs }: AdamStepCall) => adamStepOn(gpu(), inputs, attrs),
  );
}
