import * as tf from "../../core/tfjs/library.ts";
import { type KernelCall, replaceKernel } from "../../threads/wasm.ts";

/**
 * Replaces a kernel of a WebGPU backend. If it throws, the tensors that it had made are disposed: tfjs learns of
 * them only when it returns.
 */
export function replaceGpuKernel<Call extends KernelCall<never, unknown>>(
  backendName: string,
  kernelName: string,
  kernel: (call: Call) => tf.TensorInfo | tf.TensorInfo[],
): void {
  replaceKernel(
    backendName,
    kernelName,
    (call: Call) => tf.tidy(() => kernel(call) as tf.Tensor | tf.Tensor[]),
  );
}
