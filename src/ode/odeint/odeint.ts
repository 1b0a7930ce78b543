import { FailureError } from "../../core/errors.ts";
import { requireKnown } from "../../core/options/known_names.ts";
import { quotedJson } from "../../core/quoted.ts";
import type { SolveReport } from "../engines/engine.ts";
import { type HostRows, hostRows, hostSpace } from "../engines/portable/host_rows.ts";
import type { Field } from "../field.ts";
import type { AcceptedStep } from "../solver/accepted_step.ts";
import { describeFailure } from "../solver/failure_message.ts";
import { solveRows } from "../solver/solve.ts";
import type { Tableau } from "../tableau.ts";
import { dopri5 } from "../tableaus/dopri5.ts";
import { EventFinder, type EventInRows, type EventRule, requireEvents } from "./events.ts";
import {
  ELSEWHERE,
  largestStep,
  laterControl,
  MAX_STEPS,
  type OdeintControl,
  requireOdeint,
  stepControl,
} from "./options.ts";
import { stateAt } from "./trajectory.ts";

/** An event function of {@link odeint}: its zero crossings along the solution are events. */
export interface OdeintEvent extends EventRule {
  /**
   * The event function, usually continuous. It is evaluated at the ends of each step and at three
   * points between them; if it may cross 0 twice within a quarter of a step, set `maxStep`. `y` is a
   * copy.
   */
  value(t: number, y: Float64Array): number;
}

/** How {@link odeint} solves. */
export interface OdeintOptions {
  /** The Runge-Kutta method. Default: dopri5. */
  readonly tableau?: Tableau;
  /** How it chooses its steps. Default: adaptive with rtol 1e-7 and atol 1e-9. */
  readonly control?: OdeintControl;
  /** Accepted and rejected steps before the solve gives up. Default: 100,000. */
  readonly maxSteps?: number;
  /** Event functions. Default: none. */
  readonly events?: readonly OdeintEvent[];
  /** Keep every step for dense output; the result then has `at`. Default: false. */
  readonly dense?: boolean;
}

/** An event found by {@link odeint}. */
export interface FoundEvent {
  /** Index of its event function in `events`. */
  readonly index: number;
  /** Its time: the event function is 0 there or already has its new sign. */
  readonly t: number;
  /** The state at that time. */
  readonly y: Float64Array;
}

/** The result of {@link odeint}. */
export interface OdeintResult {
  /** End of the solve: the last of `times`, or the time of the terminal event. */
  readonly t: number;
  /** The state there. */
  readonly y: Float64Array;
  /** The states at `times`, including the first and the last; those after a terminal event are omitted. */
  readonly states: readonly Float64Array[];
  /** All events in the order of the solve; a terminal one is the last. */
  readonly events: readonly FoundEvent[];
  /** Statistics of the solve. */
  readonly report: SolveReport;
}

/** The result of {@link odeint} with `dense: true`. */
export interface DenseOdeintResult extends OdeintResult {
  /**
   * Dense output: the state at any time from the first of `times` to `t`, by the method's
   * interpolant (order 4 with dopri5 and tsit5, cubic Hermite with the others). It is continuous.
   *
   * @throws {RangeError} If `t` is outside that interval.
   */
  at(t: number): Float64Array;
}

/**
 * Solves dy/dt = f(t, y) in float64 on plain arrays.
 *
 * States between the first and the last time come from dense output, so requesting more of them
 * changes neither the steps nor the final state.
 *
 * Events are zero crossings of event functions, located on the dense output to machine precision.
 * A zero at the start is not an event; the next crossing is. A solve restarted from an event's `t`
 * and `y` does not find that event again, since the event function is 0 or has its new sign there.
 * A function that is exactly 0 at an evaluation point without changing sign has one event there.
 * The step that contains a terminal event is completed, so f must be defined one step beyond it.
 *
 * @param f Returns dy/dt, as a new array or one that it reuses. `y` is a copy that f may modify.
 * @param y0 The state at `times[0]`: [d], or concatenated rows [n * d].
 * @param times At least two, strictly increasing or strictly decreasing.
 * @throws {RangeError} If an argument is invalid, an option unknown, or f returns a different number
 *   of values than y0 has.
 * @throws {FailureError} If the solve fails, with t, the step size and what to try; or if an event
 *   function returns NaN.
 *
 * @example
 * ```ts
 * import { odeint } from "./odeint.ts";
 *
 * const { y } = await odeint((_t, y) => y.map((v) => -v), [1], [0, 1]);
 * console.assert(Math.abs(y[0]! - Math.exp(-1)) < 1e-7);
 *
 * // A ball falls from 20 m: when and how fast does it reach the ground?
 * const fall = (_t: number, [, v]: Float64Array) => [v!, -9.81];
 * const ground = { value: (_t: number, [x]: Float64Array) => x!, direction: -1, terminal: true } as const;
 * const { t, at } = await odeint(fall, [20, 0], [0, 10], { events: [ground], dense: true });
 * console.assert(Math.abs(t - Math.sqrt(2 * 20 / 9.81)) < 1e-12 && Math.abs(at(1)[0]! - 15.095) < 1e-12);
 * ```
 */
export function odeint(
  f: (t: number, y: Float64Array) => ArrayLike<number>,
  y0: ArrayLike<number>,
  times: ArrayLike<number>,
  options: OdeintOptions & { readonly dense: true },
): Promise<DenseOdeintResult>;
/** Without `dense` the result has no `at`. */
export function odeint(
  f: (t: number, y: Float64Array) => ArrayLike<number>,
  y0: ArrayLike<number>,
  times: ArrayLike<number>,
  options?: OdeintOptions,
): Promise<OdeintResult>;
export async function odeint(
  f: (t: number, y: Float64Array) => ArrayLike<number>,
  y0: ArrayLike<number>,
  given: ArrayLike<number>,
  options: OdeintOptions = {},
): Promise<OdeintResult | DenseOdeintResult> {
  const times = Array.from(given);
  requireKnown("odeint", options, ["tableau", "control", "maxSteps", "events", "dense"], ELSEWHERE);
  const { tableau = dopri5, maxSteps = MAX_STEPS, events: rules = [], dense = false } = options;
  const { control = { kind: "adaptive" } } = options;
  requireOdeint("odeint", times, { tableau, control, maxSteps });
  requireEvents("odeint", rules);
  requireState(y0);
  const width = y0.length;
  const start = times[0]!, end = times[times.length - 1]!;
  const borders = [start, ...stopsBetween(control, start, end), end];
  const states: Float64Array[] = [Float64Array.from(y0)];
  const steps: AcceptedStep<HostRows>[] = [];
  const events: FoundEvent[] = [];
  const finder = rules.length === 0 ? null : new EventFinder<HostRows>({
    caller: "odeint",
    space: hostSpace,
    tableau,
    rules,
    value: (index, t, y) => Promise.resolve(rules[index]!.value(t, y.data.slice())),
  });
  let isOver = false;
  const watch = async (step: AcceptedStep<HostRows>): Promise<boolean> => {
    if (dense) steps.push(step);
    if (finder === null) return true;
    const found = await finder.find(step);
    events.push(...found.events.map(plainEvent));
    isOver = found.isOver;
    return !isOver;
  };
  const done = { nfe: 0, accepted: 0, rejected: 0 };
  let y = Float64Array.from(y0);
  await finder?.begin(start, hostRows(y, 1, width));
  for (let i = 1; i < borders.length && !isOver; i++) {
    const t0 = borders[i - 1]!, t1 = borders[i]!;
    // f is evaluated one-sidedly at a stop time: never beyond the segment.
    const first = i === 1 ? t0 : nextTowards(t0, t1);
    const last = i === borders.length - 1 ? t1 : nextTowards(t1, t0);
    const inside = (t: number) => t0 < t1 ? clamp(t, first, last) : clamp(t, last, first);
    const segmentTimes = times.filter((t) => t0 < t1 ? t > t0 && t <= t1 : t < t0 && t >= t1);
    const segment = await solveRows({
      space: hostSpace,
      field: fieldOf((t, y) => f(inside(t), y), width),
      y0: hostRows(y, 1, width),
      t0,
      t1,
      tableau,
      control: i === 1 ? stepControl(control) : laterControl(control),
      controlGroup: "batch",
      maxSteps: maxSteps - done.accepted - done.rejected,
      times: segmentTimes,
      ...largestStep(control),
      onStep: null,
      ...((dense || finder !== null) && { watch }),
    });
    const report = segment.reports[0]!;
    done.nfe += report.nfe;
    done.accepted += report.accepted;
    done.rejected += report.rejected;
    if (report.failure !== null) {
      const failed = { ...report, ...done };
      const settings = { control: stepControl(control), maxSteps, maxStepsOption: "maxSteps" };
      throw new FailureError(`odeint: the solve stopped ${describeFailure(failed, settings)}`);
    }
    const reached = segmentTimes.filter((t) => !isOver || isWithin(t, t0, events.at(-1)!.t));
    states.push(...segment.states.slice(0, reached.length).map((state) => state.data));
    y = segment.y1.data as Float64Array<ArrayBuffer>;
  }
  const last = isOver ? events.at(-1)! : { t: end, y };
  const report: SolveReport = { ...done, rows: [0, 1], failure: null };
  const result: OdeintResult = { t: last.t, y: last.y.slice(), states, events, report };
  if (!dense) return result;
  const trajectory = { steps, tableau, end: last.t };
  return { ...result, at: (t) => stateAt(trajectory, t) };
}

/** A value for a message; JSON has no NaN. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : quotedJson(value);
}

/** @throws {RangeError} If an initial state is not a flat array of finite numbers. */
function requireState(y0: ArrayLike<number>): void {
  const values: readonly unknown[] = Array.from(y0 ?? []);
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (values.length === 0 || odd >= 0) {
    throw new RangeError(
      "odeint: y0 must be a flat array of at least one finite number, got " +
        (odd < 0 ? quotedJson(y0) : `${shown(values[odd])} at ${odd}`),
    );
  }
}

/** Wraps f as a field over one row. */
function fieldOf(
  f: (t: number, y: Float64Array) => ArrayLike<number>,
  width: number,
): Field<HostRows> {
  return {
    parts: null,
    evaluate: ([t], state) => {
      const given: unknown = f(t!, state.data.slice());
      // What has no length, as a promise or undefined, would pass for an empty array.
      const { length } = Object(given) as { length?: unknown };
      if (typeof length !== "number") {
        throw new RangeError(
          `odeint: f must return an array of ${width} numbers, got ` +
            (given instanceof Promise ? "a promise" : typeof given),
        );
      }
      const slope = Float64Array.from(given as ArrayLike<number>);
      if (slope.length !== width) {
        throw new RangeError(`odeint: f gave ${slope.length} numbers for a state of ${width}`);
      }
      return hostRows(slope, 1, width);
    },
  };
}

function plainEvent({ index, t, y }: EventInRows<HostRows>): FoundEvent {
  return { index, t, y: y.data };
}

/** The distinct stop times strictly between two times, in the direction of the solve. */
function stopsBetween(control: OdeintControl, start: number, end: number): number[] {
  if (control.kind === "fixed") return [];
  const low = Math.min(start, end), high = Math.max(start, end);
  return [...new Set(control.stopTimes ?? [])].filter((t) => t > low && t < high)
    .sort((a, b) => start < end ? a - b : b - a);
}

function isWithin(t: number, start: number, end: number): boolean {
  return start < end ? t >= start && t <= end : t <= start && t >= end;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The float64 next to `from` towards `to`; IEEE 754 magnitudes are ordered like their bit patterns. */
function nextTowards(from: number, to: number): number {
  if (from === 0) return Math.sign(to - from) * Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([from]).buffer);
  bits[0]! += (to > from) === (from > 0) ? 1n : -1n;
  return new Float64Array(bits.buffer)[0]!;
}
