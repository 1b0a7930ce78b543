import { FailureError } from "../../core/errors.ts";
import { type AcceptedStep, stateInside } from "../solver/accepted_step.ts";
import type { RowSpace } from "../solver/rows.ts";
import type { Tableau } from "../tableau.ts";
import { signChange } from "./sign_change.ts";

/** Which zero crossings of an event function are events, and when they stop the solve. */
export interface EventRule {
  /**
   * 1: only crossings from negative to positive, -1: only from positive to negative, 0: both. Default:
   * 0. Signs are taken in the direction of the solve, also if t decreases.
   */
  readonly direction?: -1 | 0 | 1;
  /** Whether the solve stops at the first event, or, for a number n, at the n-th. Default: false. */
  readonly terminal?: boolean | number;
}

/** An event, in any row space. */
export interface EventInRows<Rows> {
  /** Index of its event function in `events`. */
  readonly index: number;
  /** Its time. */
  readonly t: number;
  /** [1, w] the state at that time; owned by the caller. */
  readonly y: Rows;
}

/** Inputs of {@link EventFinder}. */
export interface EventProblem<Rows> {
  /** Name of the public function, for error messages. */
  readonly caller: string;
  readonly space: RowSpace<Rows>;
  readonly tableau: Tableau;
  readonly rules: readonly EventRule[];
  /** Evaluates one event function. */
  value(index: number, t: number, y: Rows): Promise<number>;
}

/**
 * Fractions of a step at which event functions are evaluated; a pair of crossings between
 * neighbouring points is missed.
 */
const SAMPLES = [1 / 4, 1 / 2, 3 / 4];
/** Extra point after a zero, to determine the sign of the function as it leaves the zero. */
const LEAVING = 1 / 64;

/**
 * Checks the event functions of a caller.
 *
 * @throws {RangeError} If `value` is not a function, `direction` is not -1, 0 or 1, or `terminal` is
 *   neither a boolean nor a positive whole number.
 */
export function requireEvents(
  caller: string,
  events: readonly (EventRule & { readonly value: unknown })[],
): void {
  events.forEach(({ value, direction = 0, terminal = false }, i) => {
    if (typeof value !== "function") {
      throw new RangeError(`${caller}: value of events[${i}] must be a function, got ${value}`);
    }
    if (![-1, 0, 1].includes(direction)) {
      throw new RangeError(
        `${caller}: direction of events[${i}] must be -1, 0 or 1, got ${direction}`,
      );
    }
    if (typeof terminal !== "boolean" && !(Number.isSafeInteger(terminal) && terminal > 0)) {
      throw new RangeError(
        `${caller}: terminal of events[${i}] must be a boolean or a positive whole number, ` +
          `got ${terminal}`,
      );
    }
  });
}

/** A bracket of a zero crossing. */
interface Change {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly valueFrom: number;
  readonly valueTo: number;
}

/** Finds the events of a solve step by step. */
export class EventFinder<Rows> {
  readonly #problem: EventProblem<Rows>;
  /** The last value of each event function; 0 until it has left 0. */
  readonly #values: number[] = [];
  /** Number of events per function until the solve stops. */
  readonly #left: number[];

  constructor(problem: EventProblem<Rows>) {
    this.#problem = problem;
    this.#left = problem.rules.map(({ terminal = false }) =>
      typeof terminal === "number" ? terminal : terminal ? 1 : Infinity
    );
  }

  /**
   * Evaluates the event functions at the start of a solve. A zero there is not an event; the next
   * crossing is.
   */
  async begin(t: number, y: Rows): Promise<void> {
    for (const index of this.#problem.rules.keys()) {
      this.#values.push(await this.#value(index, t, y));
    }
  }

  /**
   * Finds the events within a step or at its end, in order.
   *
   * @returns `isOver`: whether the last of them stops the solve.
   */
  async find(
    step: AcceptedStep<Rows>,
  ): Promise<{ readonly events: readonly EventInRows<Rows>[]; readonly isOver: boolean }> {
    const found: { readonly index: number; readonly t: number }[] = [];
    for (const change of await this.#changes(step)) {
      found.push({ index: change.index, t: await this.#locate(step, change) });
    }
    const direction = Math.sign(step.t1 - step.t0);
    found.sort((a, b) => (a.t - b.t) * direction || a.index - b.index);
    const last = found.findIndex(({ index }) => --this.#left[index]! === 0);
    const kept = last < 0 ? found : found.slice(0, last + 1);
    const events = kept.map(({ index, t }) => ({
      index,
      t,
      y: stateInside(this.#problem, step, t),
    }));
    return { events, isOver: last >= 0 };
  }

  /** Brackets of the crossings within a step that have the wanted direction. */
  async #changes(step: AcceptedStep<Rows>): Promise<Change[]> {
    const { rules } = this.#problem;
    const shares = this.#values.includes(0) ? [LEAVING, ...SAMPLES] : SAMPLES;
    const times = [...shares.map((share) => step.t0 + share * (step.t1 - step.t0)), step.t1];
    const changes: Change[] = [];
    let from = step.t0;
    for (const to of times) {
      const values = await this.#valuesInside(step, to);
      rules.forEach(({ direction = 0 }, index) => {
        const valueFrom = this.#values[index]!, valueTo = values[index]!;
        const before = Math.sign(valueFrom), after = Math.sign(valueTo);
        const isCounted = direction === 0 || direction === -before;
        if (before !== 0 && after !== before && isCounted) {
          changes.push({ index, from, to, valueFrom, valueTo });
        }
        this.#values[index] = valueTo;
      });
      from = to;
    }
    return changes;
  }

  #locate(step: AcceptedStep<Rows>, { index, ...bracket }: Change): Promise<number> {
    const value = (t: number) => this.#inside(step, t, (y) => this.#value(index, t, y));
    return signChange({ ...bracket, value });
  }

  #valuesInside(step: AcceptedStep<Rows>, t: number): Promise<number[]> {
    return this.#inside(step, t, async (y) => {
      const values: number[] = [];
      for (const index of this.#problem.rules.keys()) values.push(await this.#value(index, t, y));
      return values;
    });
  }

  async #inside<T>(
    step: AcceptedStep<Rows>,
    t: number,
    compute: (y: Rows) => Promise<T>,
  ): Promise<T> {
    const y = stateInside(this.#problem, step, t);
    try {
      return await compute(y);
    } finally {
      this.#problem.space.release(y);
    }
  }

  async #value(index: number, t: number, y: Rows): Promise<number> {
    const value = await this.#problem.value(index, t, y);
    if (typeof value !== "number" || Number.isNaN(value)) {
      throw new FailureError(
        `${this.#problem.caller}: the value of events[${index}] is not a number at t = ${t}`,
      );
    }
    return value;
  }
}
