import type { SimdKernels } from "./simd_kernels.ts";

/** How often both are timed. */
const ROUNDS = 60;
/** A product that takes some 2 microseconds, and how often it is done a round. */
const [ROWS, SIZE, TIMES] = [60, 32, 8];

/**
 * Whether matrix products are faster in wide tiles, of 16 columns, than in those of 8; the bits
 * are the same. They are where V8 makes 256-bit vectors of pairs, or has 32 registers, and much
 * slower elsewhere; a program cannot ask, so that its first products are also a measurement.
 */
export class TileChoice {
  readonly #kernels: Pick<SimdKernels, "gemm" | "gemmScratch">;
  readonly #memory: WebAssembly.Memory;
  readonly #withScratch: (numbers: number, use: (address: number) => void) => void;
  /** Milliseconds of the fastest round of narrow ones, and of wide ones. */
  readonly #least: [number, number] = [Infinity, Infinity];
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
    return this.#least[1] < this.#least[0] ? 1 : 0;
  }

  #measure(): void {
    this.#rounds++;
    const { gemm, gemmScratch } = this.#kernels;
    const [a, b, c] = [ROWS * SIZE, SIZE * SIZE, ROWS * SIZE];
    this.#withScratch(a + b + c + gemmScratch(SIZE, SIZE), (at) => {
      // What lies there may be subnormal, which some machines are slow at.
      new Float32Array(this.#memory.buffer, at, a + b).fill(1);
      const [bAt, cAt, scratch] = [at + 4 * a, at + 4 * (a + b), at + 4 * (a + b + c)];
      for (const wide of [0, 1] as const) {
        const begin = performance.now();
        for (let i = 0; i < TIMES; i++) {
          gemm(wide, 0, 0, ROWS, SIZE, SIZE, at, bAt, 0, 0, 0, cAt, scratch);
        }
        this.#least[wide] = Math.min(this.#least[wide], performance.now() - begin);
      }
    });
  }
}
