import type { Scalar, Tensor } from "../../core/tensors.ts";
import { meanSquaredErrorKernels } from "../../ops/mean_squared_error/mean_squared_error.ts";
import {
  ERROR_THREADS,
  errorGradientShader,
  errorMeanShader,
  errorPartsShader,
  NUMBERS_PER_PART,
} from "../../ops/mean_squared_error/mean_squared_error_wgsl.ts";
import type { KernelCall } from "../../threads/wasm.ts";
import type { Gpu } from "./gpu.ts";
import type { ProgramSource } from "./programs.ts";
import { replaceGpuKernel } from "./replace_gpu_kernel.ts";

interface Inputs {
  readonly a: Tensor;
  readonly b: Tensor;
}

interface ValueCall extends KernelCall<"a" | "b", unknown> {
  readonly inputs: Inputs;
}

interface GradientCall extends KernelCall<"a" | "b" | "dy", unknown> {
  readonly inputs: Inputs & { readonly dy: Tensor };
}

const common = { threads: ERROR_THREADS, workgroupBytes: 4 * ERROR_THREADS };

const partsProgram: ProgramSource = {
  ...common,
  name: "squared error",
  code: errorPartsShader,
  bindings: ["uniform", "read", "read", "readWrite"],
};

const meanProgram: ProgramSource = {
  ...common,
  name: "mean squared error",
  code: errorMeanShader,
  bindings: ["uniform", "read", "readWrite"],
};

const gradientProgram: ProgramSource = {
  ...common,
  name: "squared error gradient",
  code: errorGradientShader,
  bindings: ["uniform", "read", "read", "read", "readWrite"],
  workgroupBytes: 0,
};

/** A number for WGSL's u32, and one for its f32. */
function pair(whole: number, real: number): Float32Array<ArrayBuffer> {
  const numbers = Float32Array.of(0, real);
  new Uint32Array(numbers.buffer)[0] = whole;
  return numbers;
}

function requireSame({ a, b }: Inputs, dy?: Tensor): void {
  if (a.size === 0 || a.size !== b.size || (dy?.size ?? 1) !== 1) {
    throw new RangeError(
      `mean squared error: expected numbers of one shape and one cotangent, got [${a.shape}], ` +
        `[${b.shape}] and [${dy?.shape ?? ""}]`,
    );
  }
}

/** The value in two dispatches. */
function valueOn(gpu: Gpu, { a, b }: Inputs): Scalar {
  requireSame({ a, b });
  const parts = Math.ceil(a.size / NUMBERS_PER_PART);
  using sums = gpu.scratch(4 * parts);
  using count = gpu.upload(Uint32Array.of(a.size));
  using job = gpu.upload(pair(parts, 1 / a.size));
  const value = gpu.tensor<Scalar>([]);
  gpu.record(gpu.program(partsProgram), [count, a, b, sums], parts);
  gpu.record(gpu.program(meanProgram), [job, sums, value], 1);
  return value;
}

/** The VJP in one dispatch. */
function gradientOn(gpu: Gpu, { a, b, dy }: GradientCall["inputs"]): Tensor {
  requireSame({ a, b }, dy);
  using job = gpu.upload(pair(a.size, 2 / a.size));
  const da = gpu.tensor(a.shape);
  const workgroups = Math.ceil(a.size / ERROR_THREADS);
  gpu.record(gpu.program(gradientProgram), [job, a, b, dy, da], workgroups);
  return da;
}

/**
 * Registers the mean squared error and its VJP with tfjs's backend of a GPU.
 *
 * @param gpu Called at each use.
 */
export function registerGpuMeanSquaredError(
  backendName: string,
  { gpu }: { readonly gpu: () => Gpu },
): void {
  const { value, gradient } = meanSquaredErrorKernels;
  replaceGpuKernel(backendName, value, ({ inputs }: ValueCall) => valueOn(gpu(), inputs));
  replaceGpuKernel(backendName, gradient, ({ inputs }: GradientCall) => gradientOn(gpu(), inputs));
}
