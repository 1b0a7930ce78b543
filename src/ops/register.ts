import { ADAM_STEP } from "./adam/contract.ts";
import { adamStep, type AdamStepCall } from "./adam/cpu.ts";
import { add, type AddCall } from "./elementwise/add.ts";
import { concat, type ConcatCall } from "./elementwise/concat.ts";
import {
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  type ConvCall,
  type FilterGradientCall,
  type InputGradientCall,
  RESIDUAL_CONV2D,
} from "./convolution/conv2d.ts";
import { exponential, type ExponentialCall } from "./elementwise/exponential.ts";
import {
  groupNormSilu,
  type GroupNormSiluCall,
  type GroupNormSiluGradCall,
  groupNormSiluGradient,
} from "./group_norm_silu/cpu.ts";
import { groupNormSiluKernels } from "./group_norm_silu/name.ts";
import { registerHostKernels } from "./host_kernels.ts";
import { identity } from "./elementwise/identity.ts";
import { matMul, type MatMulCall } from "./matmul/matmul.ts";
import { RELU_GRADIENT, type ReluGradientCall, reluGradientKernel } from "./relu_gradient/cpu.ts";
import { resample, type ResampleCall, resampleKernels } from "./resample/cpu.ts";
import {
  type ResnetCall,
  resnetKernels,
  resnetSquaredError,
  type ResnetSquaredErrorCall,
  resnetVelocity,
} from "./resnet/cpu.ts";
import {
  resnetBlock,
  type ResnetBlockCall,
  type ResnetBlockGradCall,
  resnetBlockGradient,
  resnetBlockKernels,
} from "./resnet_block/cpu.ts";
import type { KernelThreads } from "../threads/kernel_threads.ts";
import type { CpuKernels } from "./cpu_kernels.ts";
import { slice, type SliceCall, split, type SplitCall } from "./elementwise/slice.ts";
import { reduce, type ReduceCall } from "./elementwise/sum.ts";
import { replaceKernel } from "../threads/wasm.ts";

/**
 * Registers replacements for kernels that tfjs's WebAssembly backend lacks or has only as slower
 * code, for a backend that shares its instance.
 *
 * @param simd Fluxion's kernels on the memory of that instance.
 */
export function registerCpuKernels(
  backendName: string,
  simd: KernelThreads<CpuKernels>,
): void {
  registerHostKernels(backendName);
  for (const name of ["BatchMatMul", "_FusedMatMul"] as const) {
    replaceKernel(backendName, name, (call: MatMulCall) => matMul(simd, name, call));
  }
  for (const name of ["Conv2D", "FusedConv2D", RESIDUAL_CONV2D] as const) {
    replaceKernel(backendName, name, (call: ConvCall) => conv2d(simd, name, call));
  }
  replaceKernel(
    backendName,
    "Conv2DBackpropFilter",
    (call: FilterGradientCall) => conv2dBackpropFilter(simd, call),
  );
  replaceKernel(
    backendName,
    "Conv2DBackpropInput",
    (call: InputGradientCall) => conv2dBackpropInput(simd, call),
  );
  replaceKernel(backendName, "Slice", (call: SliceCall) => slice(simd, call));
  replaceKernel(backendName, "SplitV", (call: SplitCall) => split(simd, call));
  replaceKernel(backendName, "Concat", (call: ConcatCall) => concat(simd, call));
  for (const name of ["Sum", "Mean"] as const) {
    replaceKernel(backendName, name, (call: ReduceCall) => reduce(simd, name, call));
  }
  for (const name of ["Exp", "Sigmoid"] as const) {
    replaceKernel(backendName, name, (call: ExponentialCall) => exponential(simd, name, call));
  }
  const { value, gradient } = groupNormSiluKernels;
  replaceKernel(backendName, value, (call: GroupNormSiluCall) => groupNormSilu(simd, call));
  replaceKernel(
    backendName,
    gradient,
    (call: GroupNormSiluGradCall) => groupNormSiluGradient(simd, call),
  );
  replaceKernel(backendName, "Identity", identity);
  replaceKernel(
    backendName,
    RELU_GRADIENT,
    (call: ReluGradientCall) => reluGradientKernel(simd, call),
  );
  replaceKernel(backendName, ADAM_STEP, (call: AdamStepCall) => adamStep(simd, call));
  replaceKernel(backendName, "Add", (call: AddCall) => add(simd, call));
  for (const name of ["sumOfFour", "fourTimes"] as const) {
    replaceKernel(
      backendName,
      resampleKernels[name],
      (call: ResampleCall) => resample(simd, name, call),
    );
  }
  replaceKernel(
    backendName,
    resnetBlockKernels.value,
    (call: ResnetBlockCall) => resnetBlock(simd, call),
  );
  replaceKernel(
    backendName,
    resnetBlockKernels.gradient,
    (call: ResnetBlockGradCall) => resnetBlockGradient(simd, call),
  );
  replaceKernel(
    backendName,
    resnetKernels.velocity,
    (call: ResnetCall) => resnetVelocity(simd, call),
  );
  replaceKernel(
    backendName,
    resnetKernels.squaredError,
    (call: ResnetSquaredErrorCall) => resnetSquaredError(simd, call),
  );
}
