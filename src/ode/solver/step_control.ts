import {
  integralController,
  LEAST_REMEMBERED_ERROR,
  requireController,
  type StepController,
} from "../controllers.ts";
import type { GradientMethod, SolveProblem, StepControl } from "../engines/engine.ts";

/**
 * Step-size selection of adaptive solves, as pure functions of a control group's error norms. The
 * first step is chosen as in torchdiffeq.
 *
 * Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I,
 * 2nd edition, section II.4 (error norm, step size, and p. 169 the first step).
 */

/** Largest number of steps or attempts per solve: every engine counts them in signed 32-bit integers. */
export const MOST_STEPS = 2 ** 31 - 1;

/** The controller of an adaptive solve. */
export function controllerOf(control: StepControl & { readonly kind: "adaptive" }): StepController {
  return control.controller ?? integralController;
}

/**
 * Checks the numbers of a problem that every engine reads: no solve without an end, and none that
 * ends in NaN without a reason.
 *
 * @throws {RangeError} If `maxSteps`, or the number of fixed steps, is not whole, from 1 to
 *   {@link MOST_STEPS}, times to keep do not lie between t0 and t1 in order, a tolerance is negative,
 *   both are 0, a time or the first step is not finite, or a controller's numbers are not what `requireController`
 *   asks for.
 */
export function requireControl(
  { control, maxSteps, t0, t1, keep }: Pick<
    SolveProblem,
    "control" | "maxSteps" | "t0" | "t1" | "keep"
  >,
): void {
  if (!Number.isFinite(t0) || !Number.isFinite(t1)) {
    throw new RangeError(`solve: expected finite t0 and t1, got ${t0} and ${t1}`);
  }
  if (keep.kind === "times") {
    const places = [t0, ...keep.times, t1].map((t) => t1 < t0 ? -t : t);
    if (!places.every((place, i) => i === 0 || place >= places[i - 1]!)) {
      throw new RangeError(
        `solve: expected times in order from t = ${t0} to ${t1}, got ${keep.times.join(", ")}`,
      );
    }
  }
  if (control.kind === "adaptive") {
    const { rtol, atol, firstStep } = control;
    if (firstStep != null && !(firstStep > 0 && firstStep < Infinity)) {
      throw new RangeError(`solve: expected a finite first step above 0, got ${firstStep}`);
    }
    if (!(rtol >= 0 && atol >= 0 && rtol + atol > 0 && rtol + atol < Infinity)) {
      throw new RangeError(
        `solve: expected finite rtol and atol, not negative and not both 0, got ${rtol} and ${atol}`,
      );
    }
    requireController(controllerOf(control));
  }
  const counts = { "fixed steps": control.kind === "fixed" ? control.steps : 1, maxSteps };
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isInteger(count) && count >= 1 && count <= MOST_STEPS)) {
      throw new RangeError(`solve: expected ${name} from 1 to ${MOST_STEPS}, got ${count}`);
    }
  }
}

/** Step control of an adjoint solve: its own tolerances, the forward solve's controller, Hairer's first step. */
export function adjointControl(
  forward: StepControl & { readonly kind: "adaptive" },
  { rtol, atol }: GradientMethod & { readonly kind: "adjoint" },
): StepControl & { readonly kind: "adaptive" } {
  return { ...forward, rtol, atol, firstStep: null };
}

/** Below this the initial norms give no information about the time scale. */
const NEGLIGIBLE_NORM = 1e-5;
const SMALLEST_TRIAL = 1e-6;

/**
 * Size of the trial Euler step that measures how the slope changes.
 *
 * @param stateNorm Scaled norm of y0.
 * @param slopeNorm Scaled norm of f(t0, y0).
 */
export function trialStepSize(stateNorm: number, slopeNorm: number): number {
  return stateNorm < NEGLIGIBLE_NORM || slopeNorm < NEGLIGIBLE_NORM
    ? SMALLEST_TRIAL
    : 0.01 * stateNorm / slopeNorm;
}

/**
 * Size of the first step.
 *
 * @param probe.trial From {@link trialStepSize}.
 * @param probe.slopeNorm Scaled norm of f(t0, y0).
 * @param probe.changeNorm Scaled norm of f(t0 + trial, y0 + trial f0) - f0.
 * @param probe.errorOrder Order of the error estimate of a step.
 */
export function initialStepSize(probe: {
  readonly trial: number;
  readonly slopeNorm: number;
  readonly changeNorm: number;
  readonly errorOrder: number;
}): number {
  const { trial, slopeNorm, errorOrder } = probe;
  const curvature = probe.changeNorm / trial;
  const size = slopeNorm <= 1e-15 && curvature <= 1e-15
    ? Math.max(SMALLEST_TRIAL, trial * 1e-3)
    : (0.01 / Math.max(slopeNorm, curvature)) ** (1 / errorOrder);
  return Math.min(100 * trial, size);
}

/** Scaled errors of the current attempt and of the two previous accepted steps, latest first. */
export type ScaledErrors = readonly [number, number, number];

/** Error history before the first accepted step. */
export const NO_ERRORS: readonly [number, number] = [1, 1];

/** Error history after an attempt with `errors` was accepted. */
export function errorHistory([accepted, last]: ScaledErrors): readonly [number, number] {
  return [Math.max(accepted, LEAST_REMEMBERED_ERROR), last];
}

/**
 * Step size after an attempt, by the rule of {@link StepController}. The attempt counts as accepted
 * if its scaled error is at most 1.
 *
 * @param h Signed step size of the attempt.
 * @param rule.errorOrder Order of the error estimate of a step.
 */
export function nextStepSize(
  h: number,
  errors: ScaledErrors,
  rule: { readonly controller: StepController; readonly errorOrder: number },
): number {
  const { errorOrder, controller: { exponents, safety, growth, shrinkAccepted, shrinkRejected } } =
    rule;
  const [error] = errors;
  if (!Number.isFinite(error)) return h * shrinkRejected;
  if (error === 0) return h * growth;
  const wanted = errors.reduce((factor, error, i) => {
    const exponent = exponents[i]! / errorOrder;
    return exponent === 0 ? factor : factor / error ** exponent;
  }, safety);
  const least = error < 1 ? shrinkAccepted : shrinkRejected;
  const most = error > 1 ? safety : growth;
  return h * Math.min(most, Math.max(wanted, least));
}
