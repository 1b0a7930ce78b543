/** A matrix product of the data at an address, with narrow (0) or wide (1) register tiles. */
export type TimedProduct = (wide: 0 | 1, at: number) => void;

/** What a {@link TileChoice} measures. */
export interface TileMeasurement {
  readonly product: TimedProduct;
  /** Number of float32 values that the product works on; all are 1 initially. */
  readonly numbers: number;
  readonly memory: WebAssembly.Memory;
  /** Calls `use` with the address of memory for `numbers` float32 values. */
  readonly withMemory: (numbers: number, use: (at: number) => void) => void;
  /** Number of timed rounds at the first query, at each later one, and in total. */
  readonly rounds: readonly [first: number, next: number, all: number];
  /** Wide tiles are chosen if they take less than this fraction of the narrow tiles' time. */
  readonly share: number;
}

/** Products of each kind per round. */
const TIMES = 8;

/**
 * Chooses between narrow and wide register tiles, which give the same bits. Wide ones are faster if V8
 * fuses pairs into 256-bit vectors or has 32 registers, and much slower otherwise. A program cannot
 * query that, so it measures: the least time of several rounds.
 *
 * V8 tiers code up while it runs, so the rounds are spread over the first queries.
 */
export class TileChoice {
  readonly #measurement: TileMeasurement;
  /** Milliseconds of the fastest round with narrow and with wide tiles. */
  readonly #least: [number, number] = [Infinity, Infinity];
  #rounds = 0;

  constructor(measurement: TileMeasurement) {
    this.#measurement = measurement;
  }

  /** 1 if wide tiles are faster so far. */
  get wide(): 0 | 1 {
    const { rounds: [first, next, all], share } = this.#measurement;
    if (this.#rounds < all) this.#measure(this.#rounds === 0 ? first : next);
    return this.#least[1] < share * this.#least[0] ? 1 : 0;
  }

  #measure(rounds: number): void {
    this.#rounds += rounds;
    const { product, numbers, memory, withMemory } = this.#measurement;
    withMemory(numbers, (at) => {
      // Uninitialised memory may hold subnormals, which are slow on some machines.
      new Float32Array(memory.buffer, at, numbers).fill(1);
      for (let round = 0; round < rounds; round++) {
        for (const wide of [0, 1] as const) {
          const begin = performance.now();
          for (let i = 0; i < TIMES; i++) product(wide, at);
          this.#least[wide] = Math.min(this.#least[wide], performance.now() - begin);
        }
      }
    });
  }
}
