import { TileTiming } from "../simd/tile_timing.ts";
import type { SimdKernels } from "../simd_kernels.ts";

/** How often both are timed. */
const ROUNDS = 60;
/** A product that takes some 2 microseconds, and how often it is done a round. */
const [ROWS, SIZE, TIMES] = [60, 32, 8];

/**
 * Whether matrix products are faster in wide tiles, of 16 columns, than in those of 8; the bits
 * are the same. The program's first products are also a measurement.
 */
export class TileChoice {
  readonly #kernels: Pick<SimdKernels, "gemm" | "gemmScratch">;
  readonly #memory: WebAssembly.Memory;
  readonly #withScratch: (numbers: number, use: (address: number) => void) => void;
  readonly #timing = new TileTiming();
  #rounds = 0;

  /** @param withScratch Calls `use` with the address of memory for so many numbers. */
  constructor(
    kernels: Pick<SimdKernels, "gemm" | "gemmScratch">,
    memory: WebAssembly.Memory,
    withScratch: (numbers: number, use: (address: number) => void) => void,
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#withScratch = withScratch;
  }

  /** 1 if wide ones are faster. Asked often: the compiler of V8 replaces code while it runs. */
  get wide(): 0 | 1 {
    if (this.#rounds < ROUNDS) this.#measure();
    return this.#timing.isWideWithin(1) ? 1 : 0;
  }

  #measure(): void {
    this.#rounds++;
    const { gemm, gemmScratch } = this.#kernels;
    const [a, b, c] = [ROWS * SIZE, SIZE * SIZE, ROWS * SIZE];
    this.#withScratch(a + b + c + gemmScratch(SIZE, SIZE), (at) => {
      // What lies there may be subnormal, which some machines are slow at.
      new Float32Array(this.#memory.buffer, at, a + b).fill(1);
      const [bAt, cAt, scratch] = [at + 4 * a, at + 4 * (a + b), at + 4 * (a + b + c)];
      this.#timing.round(
        TIMES,
        (wide) => gemm(wide, 0, 0, ROWS, SIZE, SIZE, at, bAt, 0, 0, 0, cAt, scratch),
      );
    });
  }
}
