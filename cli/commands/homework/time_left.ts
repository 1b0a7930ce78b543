/** Work that is part of a whole. */
export interface TimedPart {
  /** What all of it takes on the machine of the measurements. */
  readonly seconds: number;
  /** How much of it was done before, from 0 to 1. */
  readonly done: number;
}

/** A part is judged by its own speed once so much of it was seen. */
const SEEN_ENOUGH = 0.02;

/** This machine counts as equal to that of the measurements until it has shown otherwise for a while: seconds. */
const TRUST = 60;

/**
 * How long the rest of some work takes: the part at hand as its own speed says,
 * the others what they take on the machine of the measurements, times how much
 * slower than that this one has been so far.
 */
export class TimeLeft {
  readonly #parts: readonly TimedPart[];
  readonly #clock: () => number;
  #index = 0;
  #done = 0;
  #startedMs = 0;
  /** Seconds of the parts that are over: here, and on the machine of the measurements. */
  #here = TRUST;
  #there = TRUST;

  /** @param clock Milliseconds, from any origin. */
  constructor(parts: readonly TimedPart[], clock: () => number) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Part `index` begins. */
  begin(index: number): void {
    this.#index = index;
    this.#done = this.#parts[index]!.done;
    this.#startedMs = this.#clock();
  }

  /** The part at hand is done up to `fraction`, from 0 to 1. */
  advance(fraction: number): void {
    this.#done = fraction;
  }

  /** The part at hand is over. */
  end(): void {
    this.#here += this.#elapsed();
    this.#there += this.#remaining(this.#index);
  }

  /** Seconds to the end of all parts. */
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

  /** What part `index` takes from where it was at first, on the machine of the measurements. */
  #remaining(index: number): number {
    const { seconds, done } = this.#parts[index]!;
    return seconds * (1 - done);
  }
}
