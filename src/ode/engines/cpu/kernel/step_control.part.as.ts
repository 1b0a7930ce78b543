/** torchdiffeq's step size rules, as in solver/step_control.ts. */

@external("math", "pow")
declare function pow(x: f64, y: f64): f64;

export function trialStepSize(stateNorm: f64, slopeNorm: f64): f64 {
  return stateNorm < 1e-5 || slopeNorm < 1e-5 ? 1e-6 : 0.01 * stateNorm / slopeNorm;
}

export function initialStepSize(trial: f64, slopeNorm: f64, changeNorm: f64, order: f64): f64 {
  const curvature = changeNorm / trial;
  const size = slopeNorm <= 1e-15 && curvature <= 1e-15
    ? max<f64>(1e-6, trial * 1e-3)
    : pow(0.01 / max<f64>(slopeNorm, curvature), 1 / order);
  return min<f64>(100 * trial, size);
}

export function nextStepSize(h: f64, ratio: f64, order: f64): f64 {
  if (!isFinite(ratio)) return h * 0.2;
  if (ratio == 0) return h * 10;
  const least: f64 = ratio < 1 ? 1 : 0.2;
  const wanted = 0.9 / pow(ratio, 1 / order);
  return h * min<f64>(10, max<f64>(wanted, least));
}
