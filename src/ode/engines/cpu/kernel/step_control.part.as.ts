import { Job } from "../job.layout.part.as";

/** Step size rules, as in solver/step_control.ts. */

/** As in controllers.ts. */
export const LEAST_REMEMBERED_ERROR: f64 = 1e-4;

@external("math", "pow")
declare function pow(x: f64, y: f64): f64;

export function trialStepSize(stateNorm: f64, slopeNorm: f64): f64 {
  return stateNorm < 1e-5 || slopeNorm < 1e-5 ? 1e-6 : 0.01 * stateNorm / slopeNorm;
}

export function initialStepSize(trial: f64, slopeNorm: f64, changeNorm: f64, errorOrder: f64): f64 {
  const curvature = changeNorm / trial;
  const size = slopeNorm <= 1e-15 && curvature <= 1e-15
    ? max<f64>(1e-6, trial * 1e-3)
    : pow(0.01 / max<f64>(slopeNorm, curvature), 1 / errorOrder);
  return min<f64>(100 * trial, size);
}

/**
 * The rule of StepController in controllers.ts.
 *
 * @param error Scaled error of the attempt; `last1` and `last2` are those of the two previous accepted steps.
 */
export function nextStepSize(job: Job, h: f64, error: f64, last1: f64, last2: f64): f64 {
  if (!isFinite(error)) return h * job.shrinkRejected;
  if (error == 0) return h * job.growth;
  let wanted = job.safety / pow(error, job.exponent1);
  if (job.exponent2 != 0) wanted /= pow(last1, job.exponent2);
  if (job.exponent3 != 0) wanted /= pow(last2, job.exponent3);
  const least = error < 1 ? job.shrinkAccepted : job.shrinkRejected;
  const most = error > 1 ? job.safety : job.growth;
  return h * min<f64>(most, max<f64>(wanted, least));
}
