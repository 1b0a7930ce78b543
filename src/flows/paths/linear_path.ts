import type { Path } from "./path.ts";

/**
 * The optimal-transport conditional path, a straight line from x0 to a Gaussian of standard
 * deviation `sigmaMin` around x1:
 *   alpha = t, sigma = 1 - (1 - sigmaMin) t.
 *
 * sigma is rounded as in step-by-step float32 arithmetic, since the network is trained on that
 * path; near t = 1, where sigma is small, a more accurate sigma would differ from it.
 *
 * Source: Lipman et al. 2023, Flow Matching for Generative Modeling, section 4.1, example II
 * (equations 20 to 23).
 *
 * @param sigmaMin In [0, 1].
 * @throws {RangeError} If it is not.
 */
export function linearPath(sigmaMin: number): Path {
  if (!(sigmaMin >= 0 && sigmaMin <= 1)) {
    throw new RangeError(`linearPath: expected sigmaMin from 0 to 1, got ${sigmaMin}`);
  }
  const slope = Math.fround(1 - sigmaMin);
  return {
    name: `linear(${sigmaMin})`,
    slope,
    at: (t) => ({
      alpha: t,
      sigma: Math.fround(1 - Math.fround(slope * t)),
      dAlpha: 1,
      dSigma: -slope,
    }),
  };
}
