import * as tf from "../../core/tfjs/library.ts";
import type { AdamStepSettings } from "./contract.ts";
import { ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import { adamArguments, type AdamKernels } from "./kernels.ts";
import { squaresRanges } from "./squares_ranges.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { addressOf, type KernelCall, type WasmBackend, withScratch } from "../../threads/wasm.ts";

/** Kernels used in this file. */
type Kernels = KernelThreads<AdamKernels & ElementwiseKernels>;

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Cost of one number, in multiply-adds. */
const WORK = 10;

/** Arguments of the operation. */
export interface AdamStepCall
  extends KernelCall<"weights" | "gradient" | "m" | "v", AdamStepSettings> {
  readonly inputs:
    & Readonly<Record<"weights" | "gradient" | "m" | "v", tf.TensorInfo>>
    & { readonly average?: tf.TensorInfo };
}

/** An Adam step in one pass, preceded by another if the gradient's norm is needed. */
export function adamStep(
  simd: Kernels,
  { inputs: { weights, gradient, m, v, average }, attrs, backend }: AdamStepCall,
): tf.TensorInfo[] {
  const size = tf.util.sizeFromShape(weights.shape);
  const state = average === undefined ? [weights, m, v] : [weights, m, v, average];
  const next = state.map(({ shape }) => backend.makeOutput(shape, "float32"));
  const at = (tensor: tf.TensorInfo | undefined, first: number) =>
    tensor === undefined ? 0 : addressOf(backend, tensor) + first * BYTES;
  const placesOf = ([weights, m, v, average]: readonly tf.TensorInfo[], first: number) => ({
    ...{ weights: at(weights, first), m: at(m, first), v: at(v, first) },
    average: at(average, first),
  });
  withScratch(backend, 1, (squares) => {
    if (attrs.clip > 0) sumOfSquares(simd, backend, { size, from: at(gradient, 0), to: squares });
    simd.run(
      "adam",
      ranges(size, simd.pieces(WORK * size), 16).map(({ first, count }) =>
        adamArguments({
          ...{ count, gradient: at(gradient, first), squares },
          ...{ state: placesOf(state, first), next: placesOf(next, first) },
        }, attrs)
      ),
    );
  });
  return next;
}

/** The sum of squares of `size` numbers, as one number. */
function sumOfSquares(
  simd: Kernels,
  backend: WasmBackend,
  { size, from, to }: { readonly size: number; readonly from: number; readonly to: number },
): void {
  const parts = squaresRanges(size);
  if (parts.length === 1) return simd.run("sumOfSquares", [[size, from, to]]);
  withScratch(backend, parts.length, (sums) => {
    simd.run(
      "sumOfSquares",
      parts.map(({ first, count }, part) => [count, from + first * BYTES, sums + part * BYTES]),
    );
    simd.run("sumLast", [[1, parts.length, 1, sums, to]]);
  });
}
