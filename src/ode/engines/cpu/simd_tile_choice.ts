import { TileTiming } from "../../../ops/simd/tile_timing.ts";
import type { Pool } from "../../../threads/pool.ts";

/** Products of both kinds are timed in rounds of so many, of a microsecond each. */
const TIMES = 8;
/** Rounds at once, before the first solve: V8 then compiles what it has run so often anew. */
const FIRST_ROUNDS = 100;
/** Rounds before each of the next solves, which meet the new code, and the last of all. */
const MORE_ROUNDS = 5;
const LAST_ROUND = 200;
/** A product's size, and the bytes that it takes in memory at most. */
const [INPUTS, OUTPUTS, BYTES] = [64, 60, 21504];
/** Wide tiles have to be that much faster: code that is not compiled anew knows no difference. */
const CLEARLY = 0.95;

/** What is needed of the pool: the module's productOf, and memory for it. */
type PoolOfProducts = Pick<Pool, "memory" | "exports" | "allocate" | "release">;

/** Whether products over planes are faster in wide tiles; the bits are the same. */
export class PlaneTileChoice {
  readonly #pool: PoolOfProducts;
  readonly #timing = new TileTiming();
  #rounds = 0;

  constructor(pool: PoolOfProducts) {
    this.#pool = pool;
  }

  /** Whether wide ones are faster, as far as is known. */
  get isWide(): boolean {
    if (this.#rounds < LAST_ROUND) this.#measure(this.#rounds === 0 ? FIRST_ROUNDS : MORE_ROUNDS);
    return this.#timing.isWideWithin(CLEARLY);
  }

  #measure(rounds: number): void {
    this.#rounds += rounds;
    const block = this.#pool.allocate(BYTES);
    // What lies there may be subnormal, which some machines are slow at.
    new Float32Array(this.#pool.memory.buffer, block.at, BYTES / 4).fill(1);
    const { productOf } = this.#pool.exports;
    for (let round = 0; round < rounds; round++) {
      this.#timing.round(TIMES, (wide) => productOf!(wide, INPUTS, OUTPUTS, block.at));
    }
    this.#pool.release(block);
  }
}
