import type { StepControl } from "../../../ode/engines/engine.ts";

/** Room above the attempts that the last steps took. */
const SPARE = 1.25;

/** Share by which the largest number of attempts seen is forgotten per look. */
const FORGOTTEN = 1 / 16;

/**
 * How many dispatches of a solve to record before it is known how many it needs: those after its end cost
 * some microseconds, one too few costs the steps recorded since. Fixed steps need a known number.
 */
export class DispatchForecast {
  readonly #cap: number;
  readonly #most: number;
  readonly #fixed: number | null;
  /** Attempts that are expected at most. */
  #peak = 0;

  /**
   * @param options.cap Attempts per dispatch.
   */
  constructor({ cap, control, maxSteps }: {
    readonly cap: number;
    readonly control: StepControl;
    readonly maxSteps: number;
  }) {
    this.#cap = cap;
    // The attempt after the last is the one that finds the budget spent.
    this.#most = Math.ceil((maxSteps + 1) / cap);
    this.#fixed = control.kind === "fixed" ? Math.ceil(control.steps / cap) : null;
  }

  /** Dispatches to record. */
  get count(): number {
    const wanted = Math.ceil(SPARE * this.#peak / this.#cap);
    return this.#fixed ?? Math.min(this.#most, Math.max(1, wanted));
  }

  /** Learns how many attempts the group that took most has taken. */
  learn(attempts: number): void {
    this.#peak = Math.max(attempts, this.#peak + FORGOTTEN * (attempts - this.#peak));
  }

  /**
   * Doubles the count after a solve that needed more.
   *
   * @returns Whether there was more to give.
   */
  double(): boolean {
    const { count } = this;
    if (this.#fixed !== null || count >= this.#most) return false;
    this.#peak = 2 * count * this.#cap / SPARE;
    return true;
  }
}
