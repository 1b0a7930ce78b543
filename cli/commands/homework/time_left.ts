/** A part of the work. */
export interface TimedPart {
  /** Total duration on the reference machine. */
  readonly seconds: number;
  /** Fraction done before, from 0 to 1. */
  readonly done: number;
}

/** Fraction of a part after which its own speed is used. */
const SEEN_ENOUGH = 0.02;

/** Prior weight, in seconds, of the assumption that this machine is as fast as the reference. */
const TRUST = 60;

/**
 * Estimates the remaining time: the current part from its own speed, the others from their duration
 * on the reference machine times this machine's slowness so far.
 */
export class TimeLeft {
  readonly #parts: readonly TimedPart[];
  readonly #clock: () => number;
  #index = 0;
  #done = 0;
  #startedMs = 0;
  /** Seconds of the finished parts, here and on the reference machine. */
  #here = TRUST;
  #there = TRUST;

  /** @param clock Milliseconds, from any origin. */
  constructor(parts: readonly TimedPart[], clock: () => number) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Starts part `index`. */
  begin(index: number): void {
    this.#index = index;
    this.#done = this.#parts[index]!.done;
    this.#startedMs = this.#clock();
  }

  /** Records that a fraction of the current part, from 0 to 1, is done. */
  advance(fraction: number): void {
    this.#done = fraction;
  }

  /** Ends the current part. */
  end(): void {
    this.#here += this.#elapsed();
    this.#there += this.#remaining(this.#index);
  }

  /** Estimated seconds until all parts are done. */
  seconds(): number {
    const elapsed = this.#elapsed();
    const { seconds, done } = this.#parts[this.#index]!;
    const seen = this.#done - done;
    const isSeen = seen >= SEEN_ENOUGH;
    const slowness = isSeen
      ? (this.#here + elapsed) / (this.#there + seconds * seen)
      : this.#here / this.#there;
    const current = isSeen
      ? elapsed / seen * (1 - this.#done)
      : Math.max(0, slowness * this.#remaining(this.#index) - elapsed);
    let others = 0;
    for (let i = this.#index + 1; i < this.#parts.length; i++) others += this.#remaining(i);
    return current + slowness * others;
  }

  #elapsed(): number {
    return (this.#clock() - this.#startedMs) / 1000;
  }

  /** Duration on the reference machine of what remained of part `index` at its start. */
  #remaining(index: number): number {
    const { seconds, done } = this.#parts[index]!;
    return seconds * (1 - done);
  }
}
