import * as tf from "@tensorflow/tfjs";
import { addressOf, type SimdKernels, withScratch } from "./simd_kernels.ts";
import { callWasmKernel, type KernelCall } from "./wasm.ts";

/** What Exp and Sigmoid are called with. */
export type ExponentialCall = KernelCall<"x", object>;

/** exp(x) or 1 / (1 + exp(-x)), four numbers at a time; tfjs's own take one. */
export function exponential(
  simd: SimdKernels,
  name: "Exp" | "Sigmoid",
  { inputs: { x }, attrs, backend }: ExponentialCall,
): tf.TensorInfo {
  if (x.dtype !== "float32") return callWasmKernel(backend, name, { x }, attrs);
  const out = backend.makeOutput(x.shape, "float32");
  const count = tf.util.sizeFromShape(x.shape);
  const [from, to] = [addressOf(backend, x), addressOf(backend, out)];
  if (name === "Exp") simd.expOf(count, from, to);
  else withScratch(backend, 16, (constants) => simd.sigmoidOf(count, from, to, constants));
  return out;
}
