import type * as tf from "@tensorflow/tfjs";
import { ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { addressOf, type KernelCall } from "../../threads/wasm.ts";

/**
 * tfjs names of two Fluxion kernels on images x [n, h, w, c], c a multiple of 4: sums over 2x2
 * pixels (h and w even), and repetition of each pixel four times; both are multiplied by `scale`.
 */
export const resampleKernels = {
  sumOfFour: "FluxionSumOfFour",
  fourTimes: "FluxionFourTimes",
} as const;

/** Arguments of the kernels. */
export type ResampleCall = KernelCall<"x", { readonly scale: number }>;

/** FluxionSumOfFour or FluxionFourTimes in one pass, where tfjs's sums or copies take two. */
export function resample(
  simd: KernelThreads<ElementwiseKernels>,
  name: "sumOfFour" | "fourTimes",
  { inputs: { x }, attrs: { scale }, backend }: ResampleCall,
): tf.TensorInfo {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const sums = name === "sumOfFour";
  const out = backend.makeOutput(sums ? [n, h / 2, w / 2, c] : [n, 2 * h, 2 * w, c], "float32");
  const [rows, width] = sums ? [n * h / 2, w / 2] : [n * h, w];
  const small = width * c * Float32Array.BYTES_PER_ELEMENT, large = 4 * small;
  const [from, to] = [addressOf(backend, x), addressOf(backend, out)];
  simd.run(
    name,
    ranges(rows, simd.elementRanges(4 * rows * width * c).length).map(({ first, count }) => [
      ...[count, width, c, scale, from + first * (sums ? large : small)] as const,
      to + first * (sums ? small : large),
    ]),
  );
  return out;
}
