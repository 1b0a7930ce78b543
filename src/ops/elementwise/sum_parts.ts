import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "./kernels.ts";

/** Partial sums, each [size]. */
export interface SumParts {
  readonly count: number;
  readonly size: number;
  /** Address of the total. */
  readonly out: number;
}

/** out = scale * the sum of contiguous parts [count, size], added in order. */
export function sumParts(
  simd: KernelThreads<ElementwiseKernels>,
  parts: number,
  { count, size, scale, out }: SumParts & { readonly scale: number },
): void {
  simd.withScratch(
    2 * size,
    (totals) => simd.run("sumMiddle", [[1, count, size, scale, parts, out, totals]]),
  );
}

/**
 * Computes a large sum from partial sums that do not depend on the number of threads: `make` is
 * told where each part goes; then the parts are added in order.
 */
export function inParts(
  simd: KernelThreads<ElementwiseKernels>,
  { count, size, out }: SumParts,
  make: (partAt: (part: number) => number) => void,
): void {
  if (count === 1) return make(() => out);
  simd.withScratch(count * size, (parts) => {
    make((part) => parts + 4 * part * size);
    sumParts(simd, parts, { count, size, scale: 1, out });
  });
}
