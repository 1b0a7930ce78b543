import type { GaussianPath, Hypothesis } from "./gaussian_path.ts";

const STEP = 1e-4;

/**
 * Defect of the continuity equation dp/dt + d(u p)/dx = 0: the largest magnitude of its left-hand
 * side over the largest p, at 7 times and 25 points within 3 standard deviations.
 *
 * Derivatives are central differences with step 1e-4 (in x: 1e-4 standard deviations); their own
 * error is at most about 1e-6 on the paths of the check.
 */
export function continuityDefect(hypothesis: Hypothesis, path: GaussianPath): number {
  const density = (x: number, t: number) => {
    const variance = hypothesis.variance(path, t);
    return Math.exp(-x * x / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  };
  const flux = (x: number, t: number) => hypothesis.rate(path, t) * x * density(x, t);
  let defect = 0;
  for (let i = 1; i < 8; i++) {
    const t = i / 8;
    const deviation = Math.sqrt(hypothesis.variance(path, t));
    const h = STEP * deviation;
    for (let j = -12; j <= 12; j++) {
      const x = j / 4 * deviation;
      const change = (density(x, t + STEP) - density(x, t - STEP)) / (2 * STEP);
      const divergence = (flux(x + h, t) - flux(x - h, t)) / (2 * h);
      defect = Math.max(defect, Math.abs(change + divergence) / density(0, t));
    }
  }
  return defect;
}
