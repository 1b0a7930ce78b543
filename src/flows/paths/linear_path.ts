import type { Path } from "./path.ts";

/**
 * The optimal-transport conditional path: straight from x0 to a Gaussian of standard deviation
 * `sigmaMin` around x1,
 *   alpha = t, sigma = 1 - (1 - sigmaMin) t.
 *
 * sigma is rounded as float32 arithmetic rounds it, step by step: that is the path on which the
 * network is trained, and near t = 1, where sigma is small, a more exact sigma would not be its.
 *
 * Source: Lipman et al. 2023, Flow Matching for Generative Modeling, section 4.1, example II
 * (equations 20 to 23).
 *
 * @param sigmaMin At least 0, at most 1.
 */
export function linearPath(sigmaMin: number): Path {
  if (!(sigmaMin >= 0 && sigmaMin <= 1)) {
    throw new RangeError(`linearPath: expected sigmaMin from 0 to 1, got ${sigmaMin}`);
  }
  const slope = Math.fround(1 - sigmaMin);
  return {
    name: `linear(${sigmaMin})`,
    at: (t) => ({
      alpha: t,
      sigma: Math.fround(1 - Math.fround(slope * t)),
      dAlpha: 1,
      dSigma: -slope,
    }),
  };
}
