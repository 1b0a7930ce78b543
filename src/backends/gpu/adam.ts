import { type KernelCall, replaceKernel } from "../../threads/wasm.ts";
import {
  ADAM_THREADS,
  adamShader,
  adamState,
  SQUARES_PER_WORKGROUP,
  squaresShader,
} from "../../ops/adam/adam_wgsl.ts";
import { ADAM_STEP, adamScales, type AdamStepSettings } from "../../ops/adam/contract.ts";
import type { Tensor1D } from "../../core/tensors.ts";
import type { Gpu } from "./gpu.ts";
import { type DeviceLimits, programExcess } from "./limits.ts";
import { type ProgramSource, sizeOf } from "./programs.ts";

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

/** The updated weights, m, v and average: two dispatches, one without clipping. */
function adamStepOn(
  gpu: Gpu,
  inputs: AdamStepCall["inputs"],
  settings: AdamStepSettings,
): Tensor1D[] {
  const { gradient } = inputs, { size } = gradient;
  const { clip, weightDecay, averageDecay } = settings;
  const { secondScale, rate } = adamScales(settings);
  const numbers = Float32Array.of(0, clip, weightDecay, secondScale, rate, averageDecay);
  new Uint32Array(numbers.buffer)[0] = size;
  const job = gpu.upload(numbers);
  const parts = Math.ceil(size / SQUARES_PER_WORKGROUP);
  const squares = gpu.scratch(4 * parts);
  if (clip > 0) gpu.record(gpu.program(squaresProgram), [job, gradient, squares], parts);
  else gpu.clear(squares);
  const state = adamState({ hasAverage: inputs.average !== undefined });
  const before = state.map((name) => inputs[name as keyof typeof inputs]!);
  const next = before.map(({ shape }) => gpu.tensor<Tensor1D>(shape));
  const operands = [job, squares, gradient, ...before, ...next];
  gpu.record(gpu.program(adamProgram(state)), operands, Math.ceil(size / ADAM_THREADS));
  squares.release();
  job.release();
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
  replaceKernel(
    backendName,
    ADAM_STEP,
    ({ inputs, attrs }: AdamStepCall) => adamStepOn(gpu(), inputs, attrs),
  );
}
