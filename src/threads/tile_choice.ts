/** A product by narrow register tiles (0) or wide ones (1), of what lies at an address. */
export type TimedProduct = (wide: 0 | 1, at: number) => void;

/** What a {@link TileChoice} measures. */
export interface TileMeasurement {
  readonly product: TimedProduct;
  /** float32 numbers that the product works on; they are 1 when it begins. */
  readonly numbers: number;
  readonly memory: WebAssembly.Memory;
  /** Calls `use` with the address of memory for `numbers` float32 numbers. */
  readonly withMemory: (numbers: number, use: (at: number) => void) => void;
  /** Rounds at the first question, at each of the next ones, and in all. */
  readonly rounds: readonly [first: number, next: number, all: number];
  /** Wide tiles are chosen where they take less than this share of the narrow ones' time. */
  readonly share: number;
}

/** Products of each kind per round. */
const TIMES = 8;

/**
 * Whether products are faster by wide register tiles, which give the same bits. They are where V8
 * makes 256-bit vectors of pairs, or has 32 registers, and much slower elsewhere; a program cannot
 * ask, so that it measures: least time of several rounds.
 *
 * V8 tiers code up while it runs, so that rounds are spread over the first questions.
 */
export class TileChoice {
  readonly #measurement: TileMeasurement;
  /** Milliseconds of the fastest round by narrow tiles, and by wide ones. */
  readonly #least: [number, number] = [Infinity, Infinity];
  #rounds = 0;

  constructor(measurement: TileMeasurement) {
    this.#measurement = measurement;
  }

  /** 1 if wide ones are faster, as far as is known. */
  get wide(): 0 | 1 {
    const { rounds: [first, next, all], share } = this.#measurement;
    if (this.#rounds < all) this.#measure(this.#rounds === 0 ? first : next);
    return this.#least[1] < share * this.#least[0] ? 1 : 0;
  }

  #measure(rounds: number): void {
    this.#rounds += rounds;
    const { product, numbers, memory, withMemory } = this.#measurement;
    withMemory(numbers, (at) => {
      // What lies there may be subnormal, which some machines are slow at.
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
