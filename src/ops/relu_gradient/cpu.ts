import type * as tf from "@tensorflow/tfjs";
import { partsOfPass, ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { inParts } from "../elementwise/sum_parts.ts";
import { addressOf, type KernelCall } from "../../threads/wasm.ts";

/**
 * tfjs name of a Fluxion kernel with inputs `dy` and `y` [n, h, w, c]: dx = dy where y > 0, else 0,
 * and the sums of dx over all pixels, [c], or over those of each image, [n, c].
 */
export const RELU_GRADIENT = "FluxionReluGradient";

/** Arguments of the kernel. */
export type ReluGradientCall = KernelCall<"dy" | "y", { readonly perImage: boolean }>;

/** Cost of one number, in multiply-adds. */
const WORK = 16;
/** Partial sums are multiples of this many pixels, the length of the kernel's own float32 sums. */
const UNIT = 64;

/** Gradients of ReLU and bias in one pass; `dy * step(y)` takes two, and the sum one more. */
export function reluGradientKernel(
  simd: KernelThreads<ElementwiseKernels>,
  { inputs: { dy, y }, attrs: { perImage }, backend }: ReluGradientCall,
): tf.TensorInfo[] {
  const [n, h, w, c] = dy.shape as [number, number, number, number];
  const dx = backend.makeOutput(dy.shape, "float32");
  const sums = backend.makeOutput(perImage ? [n, c] : [c], "float32");
  const [from, at, to, sum] = [dy, y, dx, sums].map((tensor) => addressOf(backend, tensor)) as [
    number,
    number,
    number,
    number,
  ];
  const row = c * Float32Array.BYTES_PER_ELEMENT, work = WORK * n * h * w * c;
  if (perImage) {
    simd.runWithScratch(
      "reluGradient",
      3 * c,
      ranges(n, simd.pieces(work)).map(({ first, count }) => {
        const start = first * h * w * row;
        return [count, h * w, c, from + start, at + start, to + start, sum + first * row];
      }),
    );
    return [dx, sums];
  }
  const parts = ranges(n * h * w, partsOfPass(n * h * w, work), UNIT);
  inParts(simd, { count: parts.length, size: c, out: sum }, (partAt) =>
    simd.runWithScratch(
      "reluGradient",
      3 * c,
      parts.map(({ first, count }, part) => {
        const start = first * row;
        return [1, count, c, from + start, at + start, to + start, partAt(part)];
      }),
    ));
  return [dx, sums];
}
