import { FailureError } from "../runtime/errors.ts";
import type { SolveReport, StepControl } from "./engine.ts";
import { describeFailure } from "./failure_message.ts";
import type { Field } from "./field.ts";
import { type HostRows, hostRows, hostSpace } from "./host_rows.ts";
import { solveRows } from "./solve.ts";
import type { Tableau } from "./tableau.ts";

/** How {@link odeint} solves. */
export interface OdeintOptions {
  /** The Runge-Kutta method. */
  readonly tableau: Tableau;
  /** How it chooses its steps. */
  readonly control: StepControl;
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
 * @param f Gives dy/dt as a new array or one of its own; it must not keep `y`.
 * @param y0 The state at `times[0]`.
 * @param times At least two, strictly increasing or strictly decreasing.
 * @throws {RangeError} If `times` are not so, or fixed steps are not a positive whole number,
 *   or tolerances are not positive.
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
  requireControl(control);
  const width = y0.length;
  const field: Field<HostRows> = {
    parts: null,
    evaluate: (t, y) => hostRows(Float64Array.from(f(t[0]!, y.data)), 1, width),
  };
  const { y1, states, reports } = await solveRows({
    space: hostSpace,
    field,
    y0: hostRows(Float64Array.from(y0), 1, width),
    t0: times[0]!,
    t1: times[times.length - 1]!,
    tableau,
    control,
    controlGroup: "batch",
    maxSteps,
    times,
    onStep: null,
  });
  const report = reports[0]!;
  if (report.failure !== null) {
    throw new FailureError(
      `odeint: the solve stopped ${describeFailure(report, { control, maxSteps })}`,
    );
  }
  return { y: y1.data, states: states.map((state) => state.data), report };
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

function requireControl(control: StepControl): void {
  if (control.kind === "fixed") {
    if (!(Number.isInteger(control.steps) && control.steps > 0)) {
      throw new RangeError(`odeint: steps must be a positive whole number, got ${control.steps}`);
    }
    return;
  }
  for (const name of ["rtol", "atol"] as const) {
    if (!(control[name] > 0 && control[name] < Infinity)) {
      throw new RangeError(`odeint: ${name} must be positive and finite, got ${control[name]}`);
    }
  }
}
