import * as tf from "@tensorflow/tfjs";
import { addressOf, elementRanges, type SimdThreads } from "./simd_kernels.ts";
import type { KernelCall } from "./wasm.ts";

/** tfjs's name of a kernel of Fluxion's own: dy where y > 0, else 0, of inputs `dy` and `y`. */
export const RELU_GRADIENT = "FluxionReluGradient";

/** A ReLU's gradient in one pass, where `dy * step(y)` takes two. */
export function reluGradientKernel(
  simd: SimdThreads,
  { inputs: { dy, y }, backend }: KernelCall<"dy" | "y", object>,
): tf.TensorInfo {
  const out = backend.makeOutput(dy.shape, "float32");
  const [from, at, to] = [dy, y, out].map((tensor) => addressOf(backend, tensor));
  simd.run(
    "reluGradient",
    elementRanges(simd, tf.util.sizeFromShape(dy.shape)).map(({ first, count }) => [
      ...[count, from! + 4 * first, at! + 4 * first, to! + 4 * first] as const,
    ]),
  );
  return out;
}
