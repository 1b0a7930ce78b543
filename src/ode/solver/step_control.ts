import type { StepControl } from "../engines/engine.ts";

/**
 * How an adaptive solve chooses its steps: pure functions of one control group's
 * error norms. The rules and numbers are torchdiffeq's.
 *
 * Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I,
 * 2nd edition, section II.4 (error norm, step size, and p. 169 the first step).
 */

/** Most steps of one solve, and most attempts: every engine counts them in 32 bits with a sign. */
export const MOST_STEPS = 2 ** 31 - 1;

/**
 * Refuses numbers of steps that an engine could not count to.
 *
 * @throws {RangeError} If `maxSteps`, or the number of fixed steps, is not whole, from 1 to {@link MOST_STEPS}.
 */
export function requireCountable(control: StepControl, maxSteps: number): void {
  const counts = { "fixed steps": control.kind === "fixed" ? control.steps : 1, maxSteps };
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isInteger(count) && count >= 1 && count <= MOST_STEPS)) {
      throw new RangeError(`solve: expected ${name} from 1 to ${MOST_STEPS}, got ${count}`);
    }
  }
}

const SAFETY = 0.9;
const LARGEST_GROWTH = 10;
const LARGEST_SHRINK = 0.2;

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
 * @param probe.order Order of the method; the embedded one's, one less, enters.
 */
export function initialStepSize(probe: {
  readonly trial: number;
  readonly slopeNorm: number;
  readonly changeNorm: number;
  readonly order: number;
}): number {
  const { trial, slopeNorm, order } = probe;
  const curvature = probe.changeNorm / trial;
  const size = slopeNorm <= 1e-15 && curvature <= 1e-15
    ? Math.max(SMALLEST_TRIAL, trial * 1e-3)
    : (0.01 / Math.max(slopeNorm, curvature)) ** (1 / order);
  return Math.min(100 * trial, size);
}

/**
 * The size of the step after one whose scaled error was `errorRatio`: accepted
 * (at most 1) it does not shrink, rejected it shrinks to a fifth at most, and an
 * attempt without a finite error shrinks to a fifth.
 *
 * @param h Size of the step just tried, with its sign.
 */
export function nextStepSize(h: number, errorRatio: number, order: number): number {
  if (!Number.isFinite(errorRatio)) return h * LARGEST_SHRINK;
  if (errorRatio === 0) return h * LARGEST_GROWTH;
  const least = errorRatio < 1 ? 1 : LARGEST_SHRINK;
  const wanted = SAFETY / errorRatio ** (1 / order);
  return h * Math.min(LARGEST_GROWTH, Math.max(wanted, least));
}
