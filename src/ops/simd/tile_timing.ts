/**
 * The times of products in narrow tiles and in wide ones, which give the same bits. Wide ones are
 * faster where V8 makes 256-bit vectors of pairs, or has 32 registers, and much slower elsewhere; a
 * program cannot ask, so that it measures.
 */
export class TileTiming {
  /** Milliseconds of the fastest round of narrow ones, and of wide ones. */
  readonly #least: [number, number] = [Infinity, Infinity];

  /** Times so many products of each kind. */
  round(times: number, product: (wide: 0 | 1) => void): void {
    for (const wide of [0, 1] as const) {
      const begin = performance.now();
      for (let i = 0; i < times; i++) product(wide);
      this.#least[wide] = Math.min(this.#least[wide], performance.now() - begin);
    }
  }

  /** Whether wide ones took less than this share of the time of narrow ones, as far as is known. */
  isWideWithin(share: number): boolean {
    return this.#least[1] < share * this.#least[0];
  }
}
