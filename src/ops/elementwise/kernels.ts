import type { KernelModule } from "../../threads/kernel_threads.ts";
import { expSizes } from "../simd/exp.layout.ts";
import elementwiseRelaxed from "./elementwise.relaxed.wasm.b64" with { type: "text" };
import elementwisePlain from "./elementwise.plain.wasm.b64" with { type: "text" };

/** The kernels of elementwise.as.ts; addresses are byte offsets in tfjs's memory, flags 0 or 1. */
export interface ElementwiseKernels {
  /** to += x, through ReLU. */
  addTo(count: number, x: number, relu: number, to: number): void;
  /** Copies runs of bytes. */
  copyRuns(
    count: number,
    bytes: number,
    from: number,
    fromStep: number,
    to: number,
    toStep: number,
  ): void;
  /** out = exp(x). */
  expOf(count: number, x: number, out: number): void;
  /** out = 1 / (1 + exp(-x)). */
  sigmoidOf(count: number, x: number, out: number, constants: number): void;
  /** dx = dy where y > 0, else 0, with sums over the middle axis; see elementwise.as.ts. */
  reluGradient(
    outer: number,
    count: number,
    inner: number,
    dy: number,
    y: number,
    dx: number,
    sums: number,
    scratch: number,
  ): void;
  /** out = scale * (2 * (a - b)). */
  squaredErrorGradient(count: number, scale: number, a: number, b: number, out: number): void;
  /** out = a + b. */
  addOf(count: number, a: number, b: number, out: number): void;
  /** Sums over 2x2 pixels; see elementwise.as.ts. */
  sumOfFour(
    rows: number,
    width: number,
    c: number,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Repeats each pixel four times; see elementwise.as.ts. */
  fourTimes(
    rows: number,
    width: number,
    c: number,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Sums over the middle axis; see elementwise.as.ts. */
  sumMiddle(
    outer: number,
    count: number,
    inner: number,
    scale: number,
    x: number,
    out: number,
    totals: number,
  ): void;
  /** Sums over the last axis; see elementwise.as.ts. */
  sumLast(outer: number, count: number, scale: number, x: number, out: number): void;
}

/** Scratch size in numbers of {@link ElementwiseKernels.sigmoidOf}. */
export const SIGMOID_SCRATCH: number = expSizes.values.SIGMOID_CONSTANTS / 4;

/** Numbers from the start of the first run to the end of the last. */
function runNumbers(count: number, bytes: number, step: number): number {
  return count === 0 ? 0 : ((count - 1) * step + bytes) / 4;
}

/** Memory-bound elementwise kernels. */
export const elementwiseModule: KernelModule = {
  builds: { relaxed: elementwiseRelaxed, plain: elementwisePlain },
  sizes: {},
  signatures: {
    addTo: { operands: ([count]) => [[1, count!], [3, count!]] },
    copyRuns: {
      operands: ([count, bytes, , fromStep, , toStep]) => [
        [2, runNumbers(count!, bytes!, fromStep!)],
        [4, runNumbers(count!, bytes!, toStep!)],
      ],
    },
    expOf: { operands: ([count]) => [[1, count!], [2, count!]] },
    sigmoidOf: { operands: ([count]) => [[1, count!], [2, count!], [3, SIGMOID_SCRATCH]] },
    reluGradient: {
      operands: ([outer, count, inner]) => [
        ...[3, 4, 5].map((place) => [place, outer! * count! * inner!] as const),
        [6, outer! * inner!],
        [7, 3 * inner!],
      ],
    },
    squaredErrorGradient: {
      reals: [1],
      operands: ([count]) => [[2, count!], [3, count!], [4, count!]],
    },
    addOf: { operands: ([count]) => [[1, count!], [2, count!], [3, count!]] },
    sumOfFour: {
      reals: [3],
      operands: ([rows, width, c]) => [[4, 4 * rows! * width! * c!], [5, rows! * width! * c!]],
    },
    fourTimes: {
      reals: [3],
      operands: ([rows, width, c]) => [[4, rows! * width! * c!], [5, 4 * rows! * width! * c!]],
    },
    sumMiddle: {
      reals: [3],
      operands: ([outer, count, inner]) => [
        [4, outer! * count! * inner!],
        [5, outer! * inner!],
        [6, 2 * inner!],
      ],
    },
    sumLast: {
      reals: [2],
      operands: ([outer, count]) => [[3, outer! * count!], [4, outer!]],
    },
  },
};
