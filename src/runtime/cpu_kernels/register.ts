import { conv2dBackpropFilter, conv2dBackpropInput } from "./conv2d_gradients.ts";
import { batchMatMul, fusedMatMul } from "./matmul.ts";
import { slice } from "./slice.ts";
import { mean, sum } from "./sum.ts";
import { replaceKernel } from "./wasm.ts";

/**
 * Replaces the kernels that tfjs's WebAssembly backend lacks or has only as plain
 * loops, in terms of those that it has, for a backend that shares its instance.
 */
export function registerCpuKernels(backendName: string): void {
  replaceKernel(backendName, "BatchMatMul", batchMatMul);
  replaceKernel(backendName, "_FusedMatMul", fusedMatMul);
  replaceKernel(backendName, "Conv2DBackpropFilter", conv2dBackpropFilter);
  replaceKernel(backendName, "Conv2DBackpropInput", conv2dBackpropInput);
  replaceKernel(backendName, "Slice", slice);
  replaceKernel(backendName, "Sum", sum);
  replaceKernel(backendName, "Mean", mean);
}
