import { FailureError } from "../core/errors.ts";
import type { SolveReport } from "./engines/engine.ts";
import { describeFailure } from "./solver/failure_message.ts";
import type { Field } from "./field.ts";
import { type HostRows, hostRows, hostSpace } from "./engines/portable/host_rows.ts";
import { solveRows, type StepSizes } from "./solver/solve.ts";
import type { Tableau } from "./tableau.ts";

/** How {@link odeint} chooses its steps. */
export type OdeintControl =
  | { readonly kind: "fixed"; readonly steps: number }
  | {
    readonly kind: "adaptive";
    readonly rtol: number;
    readonly atol: number;
    /** Size of the first step, above 0; chosen by Hairer's rule when left out. */
    readonly firstStep?: number;
    /** No step is larger; give it where f is zero or smooth for long and then is not. */
    readonly maxStep?: number;
    /**
     * Times between the first and the last at which a step ends and the next begins anew, in any
     * order: where f jumps or has a kink. At such a t, f is evaluated one unit in the last place
     * before it by the steps that end there, and one after it by those that begin there.
     */
    readonly stopTimes?: readonly number[];
  };

/** How {@link odeint} solves. */
export interface OdeintOptions {
  /** The Runge-Kutta method. */
  readonly tableau: Tableau;
  /** How it chooses its steps. */
  readonly control: OdeintControl;
  /** Accepted and rejected steps before the solve gives up; 100,000 when left out. */
  readonly maxSteps?: number;
}

/** What {@link odeint} gives. */
export interface OdeintResult {
  /** The state at the last time. */
  readonly y: Float64Array;
  /** The states at all of `times`, the first and the last included. */
  readonly states: readonly Float64Array[];
  /** What the solve did. */
  readonly report: SolveReport;
}

const MAX_STEPS = 100_000;

/**
 * Solves dy/dt = f(t, y) in float64 on plain arrays.
 *
 * States between the first and the last time come from dense output, so asking
 * for more of them changes neither the steps nor the end.
 *
 * @param f Gives dy/dt as a new array or one of its own. `y` is a copy of its own: it may be written to.
 * @param y0 The state at `times[0]`.
 * @param times At least two, strictly increasing or strictly decreasing.
 * @throws {RangeError} If `times` are not so, or fixed steps, `maxSteps`, tolerances, `firstStep`, `maxStep` or
 *   `stopTimes` are not what they have to be, or f gives another number of values than y0 has.
 * @throws {FailureError} If the solve cannot go on: at which t, with what step size, and what to try.
 *
 * @example
 * ```ts
 * import { odeint } from "./odeint.ts";
 * import { dopri5 } from "./tableaus/dopri5.ts";
 *
 * const control = { kind: "adaptive", rtol: 1e-8, atol: 1e-8 } as const;
 * const { y } = await odeint((_t, y) => y.map((v) => -v), [1], [0, 1], { tableau: dopri5, control });
 * console.assert(Math.abs(y[0]! - Math.exp(-1)) < 1e-7);
 * ```
 */
export async function odeint(
  f: (t: number, y: Float64Array) => ArrayLike<number>,
  y0: ArrayLike<number>,
  times: readonly number[],
  options: OdeintOptions,
): Promise<OdeintResult> {
  const { tableau, control, maxSteps = MAX_STEPS } = options;
  requireMonotone(times);
  requireControl(control, times);
  requireWhole("maxSteps", maxSteps);
  const width = y0.length;
  const start = times[0]!, end = times[times.length - 1]!;
  const borders = [start, ...stopsBetween(control, start, end), end];
  const states: Float64Array[] = [Float64Array.from(y0)];
  const done = { nfe: 0, accepted: 0, rejected: 0 };
  let y = Float64Array.from(y0);
  for (let i = 1; i < borders.length; i++) {
    const t0 = borders[i - 1]!, t1 = borders[i]!;
    // What f is beyond a stop time is the other segment's affair.
    const first = i === 1 ? t0 : nextTowards(t0, t1);
    const last = i === borders.length - 1 ? t1 : nextTowards(t1, t0);
    const inside = (t: number) => t0 < t1 ? clamp(t, first, last) : clamp(t, last, first);
    const field: Field<HostRows> = {
      parts: null,
      evaluate: ([t], state) => {
        const slope = Float64Array.from(f(inside(t!), state.data.slice()));
        if (slope.length !== width) {
          throw new RangeError(`odeint: f gave ${slope.length} numbers for a state of ${width}`);
        }
        return hostRows(slope, 1, width);
      },
    };
    const segment = await solveRows({
      space: hostSpace,
      field,
      y0: hostRows(y, 1, width),
      t0,
      t1,
      tableau,
      control,
      controlGroup: "batch",
      maxSteps: maxSteps - done.accepted - done.rejected,
      times: times.filter((t) => t0 < t1 ? t > t0 && t <= t1 : t < t0 && t >= t1),
      stepSizes: stepSizes(control, i === 1),
      onStep: null,
    });
    const report = segment.reports[0]!;
    done.nfe += report.nfe;
    done.accepted += report.accepted;
    done.rejected += report.rejected;
    if (report.failure !== null) {
      const failed = { ...report, ...done };
      const settings = { control, maxSteps, maxStepsOption: "maxSteps" };
      throw new FailureError(`odeint: the solve stopped ${describeFailure(failed, settings)}`);
    }
    states.push(...segment.states.map((state) => state.data));
    y = segment.y1.data as Float64Array<ArrayBuffer>;
  }
  return { y, states, report: { ...done, rows: [0, 1], failure: null } };
}

/** The stop times strictly between two times, each once, in the direction of the solve. */
function stopsBetween(control: OdeintControl, start: number, end: number): number[] {
  if (control.kind === "fixed") return [];
  const low = Math.min(start, end), high = Math.max(start, end);
  return [...new Set(control.stopTimes ?? [])].filter((t) => t > low && t < high)
    .sort((a, b) => start < end ? a - b : b - a);
}

/** A prescribed first step is the whole solve's; after a stop time the field may be quite another. */
function stepSizes(control: OdeintControl, isFirst: boolean): StepSizes {
  if (control.kind === "fixed") return {};
  const { firstStep, maxStep } = control;
  return {
    ...(isFirst && firstStep !== undefined && { first: firstStep }),
    ...(maxStep !== undefined && { largest: maxStep }),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The float64 next to `from` in the direction of `to`; IEEE 754 orders magnitudes as their bits. */
function nextTowards(from: number, to: number): number {
  if (from === 0) return Math.sign(to - from) * Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([from]).buffer);
  bits[0]! += (to > from) === (from > 0) ? 1n : -1n;
  return new Float64Array(bits.buffer)[0]!;
}

function requireMonotone(times: readonly number[]): void {
  const direction = Math.sign(times[1]! - times[0]!);
  const isMonotone = times.length >= 2 && direction !== 0 &&
    times.every((time, i) =>
      Number.isFinite(time) && (i === 0 || (time - times[i - 1]!) * direction > 0)
    );
  if (!isMonotone) {
    throw new RangeError(
      `odeint: times must be at least two, finite, and strictly increasing or decreasing, got ${
        times.join(", ")
      }`,
    );
  }
}

function requireWhole(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0)) {
    throw new RangeError(`odeint: ${name} must be a positive whole number, got ${value}`);
  }
}

function requireControl(control: OdeintControl, times: readonly number[]): void {
  if (control.kind === "fixed") return requireWhole("steps", control.steps);
  const { firstStep, maxStep, stopTimes = [] } = control;
  for (const name of ["rtol", "atol", "firstStep", "maxStep"] as const) {
    const value = control[name];
    const isOptional = name === "firstStep" || name === "maxStep";
    if (value === undefined && isOptional) continue;
    if (!(value! > 0 && value! < Infinity)) {
      throw new RangeError(`odeint: ${name} must be positive and finite, got ${value}`);
    }
  }
  if (firstStep !== undefined && maxStep !== undefined && firstStep > maxStep) {
    throw new RangeError(`odeint: firstStep ${firstStep} is above maxStep ${maxStep}`);
  }
  const start = times[0]!, end = times[times.length - 1]!;
  for (const stop of stopTimes) {
    if (!(stop >= Math.min(start, end) && stop <= Math.max(start, end))) {
      throw new RangeError(
        `odeint: stopTimes must lie between ${start} and ${end}, got ${stop}`,
      );
    }
  }
}
