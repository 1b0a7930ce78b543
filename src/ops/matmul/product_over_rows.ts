import type { KernelThreads } from "../../threads/kernel_threads.ts";
import { partsOfSum, ranges } from "../../threads/ranges.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { inParts } from "../elementwise/sum_parts.ts";
import type { MatmulKernels } from "./kernels.ts";

/**
 * C[m, n] = sum over rows of A[rows, m]^T B[rows, n].
 *
 * @param addresses Addresses of A, B and C.
 */
export function productOverRows(
  simd: KernelThreads<MatmulKernels & ElementwiseKernels>,
  rows: number,
  [m, n]: readonly [number, number],
  [a, b, c]: readonly [number, number, number],
): void {
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const parts = ranges(rows, partsOfSum(rows, rows * m * n));
  inParts(
    simd,
    { count: parts.length, size: m * n, out: c },
    (partAt) =>
      simd.runWithScratch(
        "gemm",
        simd.kernels.gemmScratch(n, Math.max(...parts.map(({ count }) => count))),
        parts.map(({ first, count }, part) => [
          ...[simd.wide, 1, 0, m, n, count, a + first * m * bytes, b + first * n * bytes] as const,
          ...[0, 0, 0, partAt(part)] as const,
        ]),
      ),
  );
}
