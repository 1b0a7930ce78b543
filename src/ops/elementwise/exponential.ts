import * as tf from "../../core/tfjs/library.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import { type ElementwiseKernels, SIGMOID_SCRATCH } from "./kernels.ts";
import { addressOf, callWasmKernel, type KernelCall } from "../../threads/wasm.ts";

/** Arguments of Exp and Sigmoid. */
export type ExponentialCall = KernelCall<"x", object>;

/** exp(x) or 1 / (1 + exp(-x)), vectorised by four, unlike tfjs's own. */
export function exponential(
  simd: KernelThreads<ElementwiseKernels>,
  name: "Exp" | "Sigmoid",
  { inputs: { x }, attrs, backend }: ExponentialCall,
): tf.TensorInfo {
  if (x.dtype !== "float32") return callWasmKernel(backend, name, { x }, attrs);
  const out = backend.makeOutput(x.shape, "float32");
  const count = tf.util.sizeFromShape(x.shape);
  const [from, to] = [addressOf(backend, x), addressOf(backend, out)];
  const calls = simd.elementRanges(count).map((range) =>
    [range.count, from + 4 * range.first, to + 4 * range.first] as const
  );
  if (name === "Exp") simd.run("expOf", calls);
  else simd.runWithScratch("sigmoidOf", SIGMOID_SCRATCH, calls);
  return out;
}
