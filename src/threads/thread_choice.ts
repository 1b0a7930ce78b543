/** Calls between trials of another number. */
const TRIAL_CALLS = 16;
/** A trial wins below this share of the current number's time. */
const SHARE = 0.9;

/**
 * Number of threads for calls whose threads wait for each other often, by measurement: where other
 * programs take the cores, a thread that does not run holds the others up, and fewer are faster. No
 * result depends on it.
 *
 * Every 16 calls half or twice as many are tried.
 */
export class ThreadChoice {
  readonly #most: number;
  #current: number;
  #calls = 0;
  /** Mean milliseconds of the last calls with the current number; null before the first. */
  #ms: number | null = null;

  /** @param most Largest number, which is used at first. */
  constructor(most: number) {
    this.#most = most;
    this.#current = most;
  }

  /** The number for the next call. */
  next(): number {
    const trial = ++this.#calls / TRIAL_CALLS;
    if (this.#ms === null || !Number.isInteger(trial)) return this.#current;
    const more = Math.min(this.#most, 2 * this.#current), fewer = Math.ceil(this.#current / 2);
    return trial % 2 === 1 && fewer < this.#current || more === this.#current ? fewer : more;
  }

  /**
   * Records what a call took.
   *
   * @param threads From {@link next}.
   * @param ms Per unit of work.
   */
  record(threads: number, ms: number): void {
    if (threads === this.#current) this.#ms = this.#ms === null ? ms : (this.#ms + ms) / 2;
    else if (ms < SHARE * this.#ms!) [this.#current, this.#ms] = [threads, ms];
  }
}
