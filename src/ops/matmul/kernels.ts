import type { KernelModule, TimedKernel } from "../../threads/kernel_threads.ts";
import { gemmSizes } from "./gemm.layout.ts";
import { paddedColumns, TILE_COLUMNS, TILE_ROWS } from "../simd/tile_sizes.ts";
import gemmRelaxed from "./gemm.relaxed.wasm.b64" with { type: "text" };
import gemmPlain from "./gemm.plain.wasm.b64" with { type: "text" };

/** The kernels of gemm.as.ts; addresses are byte offsets in tfjs's memory, flags 0 or 1. */
export interface MatmulKernels {
  /** Scratch size in numbers for {@link gemm}. */
  gemmScratch(n: number, k: number): number;
  /** C[m, n] = A[m, k] B[k, n] + bias + residual; see gemm.as.ts. */
  gemm(
    wide: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    a: number,
    b: number,
    bias: number,
    residual: number,
    relu: number,
    c: number,
    scratch: number,
  ): void;
}

/** A product that takes about 2 microseconds. */
const [ROWS, SIZE] = [60, 32];

/** The product used to time narrow against wide register tiles. */
export const timedGemm: TimedKernel = {
  numbers: 2 * ROWS * SIZE + SIZE * SIZE + gemmScratch(SIZE, SIZE),
  call: ({ gemm }, wide, at) => {
    const b = at + 4 * ROWS * SIZE, c = b + 4 * SIZE * SIZE, scratch = c + 4 * ROWS * SIZE;
    gemm!(wide, 0, 0, ROWS, SIZE, SIZE, at, b, 0, 0, 0, c, scratch);
  },
};

/** Unused numbers read past a transposed factor of one or two rows, which is read as six rows. */
const BEYOND = 4;

/** Scratch size in numbers; as in gemm.as.ts. */
function gemmScratch(n: number, k: number): number {
  return paddedColumns(n) * (Math.min(k, gemmSizes.values.TERMS) + 2) + TILE_ROWS * TILE_COLUMNS;
}

/** Matrix products. */
export const gemmModule: KernelModule = {
  builds: { relaxed: gemmRelaxed, plain: gemmPlain },
  sizes: { gemmScratch },
  signatures: {
    gemm: {
      operands: ([, transposeA, , m, n, k]) => [
        [6, m! * k! + (transposeA === 0 ? 0 : BEYOND)],
        [7, k! * n!],
        [8, n!, "optional"],
        [9, m! * n!, "optional"],
        [11, m! * n!],
        [12, gemmScratch(n!, k!)],
      ],
    },
  },
};
