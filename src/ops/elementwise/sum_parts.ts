import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "./kernels.ts";

/** Parts of a sum, each [size]. */
export interface SumParts {
  readonly count: number;
  readonly size: number;
  /** Address of the sum. */
  readonly out: number;
}

/** out = scale * the sum of parts [count, size], which begin at an address, in their order. */
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
 * A sum of many terms, made of parts that do not depend on the number of threads: `make` gets
 * where each part belongs; then they are added up in their order.
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
