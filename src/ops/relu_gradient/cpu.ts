import type * as tf from "@tensorflow/tfjs";
import { partsOfPass, ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { inParts } from "../elementwise/sum_parts.ts";
import { addressOf, type KernelCall } from "../../threads/wasm.ts";

/**
 * tfjs's name of a kernel of Fluxion's own: dx = dy where y > 0, else 0, of inputs `dy` and `y`
 * [n, h, w, c], and the sums of dx over all pixels, [c], or over those of an image, [n, c].
 */
export const RELU_GRADIENT = "FluxionReluGradient";

/** What the kernel is called with. */
export type ReluGradientCall = KernelCall<"dy" | "y", { readonly perImage: boolean }>;

/** Multiply-adds that take as long as a number does. */
const WORK = 16;
/** Parts of a sum are multiples of this many pixels, the length of the kernel's own float32 sums. */
const UNIT = 64;

/** A ReLU's gradient and a bias's in one pass; `dy * step(y)` takes two, and the sum reads once more. */
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
