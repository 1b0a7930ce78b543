import { ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import { type ConvolutionKernels, FILTER_SCRATCH } from "./kernels.ts";
import { type WasmBackend, withScratch } from "../../threads/wasm.ts";

/** Cost of transforming a filter tap, in multiply-adds. */
export const FILTER_WORK = 50;

/**
 * Calls `use` with the address of a filter [3, 3, cin, cout] transformed for Winograd; with `turn`
 * the filter is [3, 3, cout, cin] and the convolution is its gradient with respect to the input.
 */
export function withWinogradFilter(
  simd: KernelThreads<ConvolutionKernels>,
  backend: WasmBackend,
  { at, turn, cin, cout }: {
    readonly at: number;
    readonly turn: 0 | 1;
    readonly cin: number;
    readonly cout: number;
  },
  use: (u: number) => void,
): void {
  const bytes = simd.kernels.winogradFilterBytes(cin, cout);
  withScratch(backend, bytes / Float32Array.BYTES_PER_ELEMENT, (u) => {
    const work = FILTER_WORK * 9 * cin * cout;
    simd.runWithScratch(
      "winogradFilter",
      FILTER_SCRATCH,
      ranges(cin, simd.pieces(work)).map(({ first, count }) =>
        [first, count, cin, cout, at, turn, u] as const
      ),
      work,
    );
    use(u);
  });
}
