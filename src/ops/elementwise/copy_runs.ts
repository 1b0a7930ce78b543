import { ELEMENT_WORK, type KernelThreads } from "../../threads/kernel_threads.ts";
import { ranges } from "../../threads/ranges.ts";
import type { ElementwiseKernels } from "./kernels.ts";

/** Runs of bytes: address of the first, and stride in bytes. */
interface Runs {
  readonly at: number;
  readonly step: number;
}

/** Copies `count` runs of `bytes` bytes, a multiple of four. */
export function copyRuns(
  simd: KernelThreads<ElementwiseKernels>,
  { count, bytes }: { readonly count: number; readonly bytes: number },
  { from, to }: { readonly from: Runs; readonly to: Runs },
): void {
  simd.run(
    "copyRuns",
    ranges(count, simd.pieces(ELEMENT_WORK * count * bytes / 4)).map((range) => [
      ...[range.count, bytes, from.at + range.first * from.step, from.step] as const,
      ...[to.at + range.first * to.step, to.step] as const,
    ]),
  );
}
