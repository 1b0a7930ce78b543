import { quotedJson } from "../../core/quoted.ts";
import { requireKnown } from "../../core/options/known_names.ts";
import { requireController, type StepController } from "../controllers.ts";
import type { StepControl } from "../engines/engine.ts";
import type { RowsProblem } from "../solver/rows_problem.ts";
import type { Tableau } from "../tableau.ts";

/** Step-size control of `odeint()` and `odeintTensors()`. */
export type OdeintControl = OdeintFixedControl | OdeintAdaptiveControl;

/** Steps of equal size. */
export interface OdeintFixedControl {
  /** Tells it from other controls. */
  readonly kind: "fixed";
  /** Number of steps. */
  readonly steps: number;
}

/** Steps chosen by the error estimate. */
export interface OdeintAdaptiveControl {
  /** Tells it from other controls. */
  readonly kind: "adaptive";
  /** Relative tolerance per step. Default: 1e-7. */
  readonly rtol?: number;
  /** Absolute tolerance per step, added to the relative one. Default: 1e-9. */
  readonly atol?: number;
  /** How errors become step sizes. Default: `integralController`, torchdiffeq's rule. */
  readonly controller?: StepController;
  /** Size of the first step, above 0. Default: chosen by Hairer's rule. */
  readonly firstStep?: number;
  /** Largest step size; set it if f is zero or smooth for a long time and then changes abruptly. */
  readonly maxStep?: number;
  /**
   * Times between the first and the last, in any order, where f has a jump or a kink: a step ends
   * exactly there and the solver restarts. The step that ends at such a t evaluates f one ulp before
   * it, the step that begins there one ulp after it.
   */
  readonly stopTimes?: readonly number[];
}

/** torchdiffeq's tolerances. */
const RTOL = 1e-7, ATOL = 1e-9;

/** Default number of accepted and rejected steps before a solve gives up. */
export const MAX_STEPS = 100_000;

/** The solver's step control, with defaults filled in. */
export function stepControl(control: OdeintControl): StepControl {
  if (control.kind === "fixed") return control;
  const { rtol = RTOL, atol = ATOL, controller, firstStep = null } = control;
  return {
    kind: "adaptive",
    rtol,
    atol,
    firstStep,
    ...(controller !== undefined && { controller }),
  };
}

/** The control of a later solve: `firstStep` is for the first one only, since f may differ after a stop time. */
export function laterControl(control: OdeintControl): StepControl {
  const first = stepControl(control);
  return first.kind === "fixed" ? first : { ...first, firstStep: null };
}

/** The largest step size, if one is given, as solves take it. */
export function largestStep(control: OdeintControl): Pick<RowsProblem<unknown>, "largestStep"> {
  const largest = control.kind === "fixed" ? undefined : control.maxStep;
  return largest === undefined ? {} : { largestStep: largest };
}

const CONTROL_NAMES = {
  fixed: ["kind", "steps"],
  adaptive: ["kind", "rtol", "atol", "controller", "firstStep", "maxStep", "stopTimes"],
} as const;

/** What the names of other libraries are here. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  method: "tableau: rk4",
  rtol: 'control: { kind: "adaptive", rtol }',
  atol: 'control: { kind: "adaptive", atol }',
  options: "control",
};

/**
 * Checks the arguments common to both forms of odeint.
 *
 * @param caller Name of the public function, for error messages.
 * @throws {RangeError} If an argument is invalid.
 */
export function requireOdeint(
  caller: string,
  times: readonly number[],
  options: {
    readonly tableau: Tableau;
    readonly control: OdeintControl;
    readonly maxSteps: number;
  },
): void {
  const { tableau, control } = options;
  if (!Array.isArray(tableau?.c)) {
    throw new RangeError(
      `${caller}: tableau must be one such as dopri5 or tableaus["rk4-classic"], ` +
        `got ${quotedJson(tableau)}`,
    );
  }
  if (control?.kind !== "fixed" && control?.kind !== "adaptive") {
    throw new RangeError(
      `${caller}: control must be of kind "fixed" or "adaptive", got ${quotedJson(control)}`,
    );
  }
  requireMonotone(caller, times);
  if (control.kind === "adaptive" && tableau.bError === null) {
    throw new RangeError(
      `${caller}: ${tableau.name} has no error estimate: give control { kind: "fixed", steps }`,
    );
  }
  requireControl(caller, control, times);
  requireWhole(caller, "maxSteps", options.maxSteps);
}
function requireMonotone(caller: string, times: readonly number[]): void {
  const direction = Math.sign(times[1]! - times[0]!);
  const isMonotone = times.length >= 2 && direction !== 0 &&
    times.every((time, i) =>
      Number.isFinite(time) && (i === 0 || (time - times[i - 1]!) * direction > 0)
    );
  if (!isMonotone) {
    throw new RangeError(
      `${caller}: times must be at least two, finite, and strictly increasing or decreasing, got ${
        times.join(", ")
      }`,
    );
  }
}

function requireWhole(caller: string, name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0)) {
    throw new RangeError(`${caller}: ${name} must be a positive whole number, got ${value}`);
  }
}

function requireControl(caller: string, control: OdeintControl, times: readonly number[]): void {
  const names = CONTROL_NAMES[control.kind];
  requireKnown(`${caller}: control`, control, names);
  if (control.kind === "fixed") return requireWhole(caller, "steps", control.steps);
  const { controller, firstStep, maxStep, stopTimes = [] } = control;
  if (controller !== undefined) requireController(controller);
  for (const name of ["rtol", "atol", "firstStep", "maxStep"] as const) {
    const value = control[name];
    if (value !== undefined && !(value > 0 && value < Infinity)) {
      throw new RangeError(`${caller}: ${name} must be positive and finite, got ${value}`);
    }
  }
  if (firstStep !== undefined && maxStep !== undefined && firstStep > maxStep) {
    throw new RangeError(`${caller}: firstStep ${firstStep} is above maxStep ${maxStep}`);
  }
  const start = times[0]!, end = times[times.length - 1]!;
  for (const stop of stopTimes) {
    if (!(stop >= Math.min(start, end) && stop <= Math.max(start, end))) {
      throw new RangeError(
        `${caller}: stopTimes must lie between ${start} and ${end}, got ${stop}`,
      );
    }
  }
}
