import {
  integralController,
  LEAST_REMEMBERED_ERROR,
  requireController,
  type StepController,
} from "../controllers.ts";
import type { StepControl } from "../engines/engine.ts";

/**
 * How an adaptive solve chooses its steps: pure functions of one control group's
 * error norms. The first step is torchdiffeq's.
 *
 * Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I,
 * 2nd edition, section II.4 (error norm, step size, and p. 169 the first step).
 */

/** Most steps of one solve, and most attempts: every engine counts them in 32 bits with a sign. */
export const MOST_STEPS = 2 ** 31 - 1;

/** The controller of an adaptive control. */
export function controllerOf(control: StepControl & { readonly kind: "adaptive" }): StepController {
  return control.controller ?? integralController;
}

/**
 * Refuses numbers of steps that an engine could not count to, and controllers that might not end.
 *
 * @throws {RangeError} If `maxSteps`, or the number of fixed steps, is not whole, from 1 to {@link MOST_STEPS},
 *   or a controller's numbers are not what `requireController` asks for.
 */
export function requireControl(control: StepControl, maxSteps: number): void {
  if (control.kind === "adaptive") requireController(controllerOf(control));
  const counts = { "fixed steps": control.kind === "fixed" ? control.steps : 1, maxSteps };
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isInteger(count) && count >= 1 && count <= MOST_STEPS)) {
      throw new RangeError(`solve: expected ${name} from 1 to ${MOST_STEPS}, got ${count}`);
    }
  }
}

/** Below this the norms of the start say nothing about the scale of time. */
const NEGLIGIBLE_NORM = 1e-5;
const SMALLEST_TRIAL = 1e-6;

/**
 * Size of the Euler step that probes how the slope changes.
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

/** Scaled errors: of the attempt in hand, and of the two accepted steps before it, the last one first. */
export type ScaledErrors = readonly [number, number, number];

/** The errors remembered before anything was accepted. */
export const NO_ERRORS: readonly [number, number] = [1, 1];

/** The errors remembered after an attempt with `errors` was accepted. */
export function remembered([accepted, last]: ScaledErrors): readonly [number, number] {
  return [Math.max(accepted, LEAST_REMEMBERED_ERROR), last];
}

/**
 * The size of the step after an attempt, by the rule of {@link StepController}: accepted where its
 * scaled error is at most 1, else rejected.
 *
 * @param h Size of the attempt, with its sign.
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
