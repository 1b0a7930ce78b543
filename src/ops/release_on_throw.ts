import * as tf from "../core/tfjs/library.ts";
import type { WasmBackend } from "../threads/wasm.ts";

/**
 * Makes kernels free their allocations when they throw: outputs allocated before another output ran
 * out of memory, and scratch. tfjs learns of a kernel's tensors only when the kernel returns.
 *
 * @param backendName Backend whose kernels, all registered so far, are wrapped.
 * @param backend The instance that they run on.
 */
export function releaseOnThrow(backendName: string, backend: WasmBackend): void {
  // Allocations of running kernels, innermost last.
  const made: object[] = [];
  let running = 0;
  const { move } = backend;
  backend.move = (dataId, values, shape, dtype, references) => {
    move.call(backend, dataId, values, shape, dtype, references);
    if (running > 0) made.push(dataId);
  };
  for (const kernel of tf.getKernelsForBackend(backendName)) {
    const { kernelFunc, kernelName } = kernel;
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      ...kernel,
      kernelFunc: (call) => {
        const first = made.length;
        running++;
        try {
          return kernelFunc(call);
        } catch (error) {
          for (const dataId of made.slice(first)) {
            if (backend.dataIdMap.has(dataId)) backend.disposeData(dataId, true);
          }
          throw error;
        } finally {
          running--;
          made.length = first;
        }
      },
    });
  }
}
