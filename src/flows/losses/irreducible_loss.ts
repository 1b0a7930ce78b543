import type { KnownDensity } from "../../data/dataset.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { Path } from "../paths/path.ts";
import { drawSource } from "../sources/source.ts";
import { standardNormal } from "../sources/standard_normal.ts";
import { drawTimes } from "../times/time_sampler.ts";
import { uniformTimes } from "../times/uniform_times.ts";

/**
 * Flow-matching loss of the best possible model, the marginal velocity E[u | x_t], on the draws of
 * `fmLoss` with the same rows and seed: no model has a lower expected loss, since
 *   E |v(x_t) - u|^2 = E |v(x_t) - E[u | x_t]|^2 + E |u - E[u | x_t]|^2.
 * With x_t = alpha x1 + sigma x0 and u = alpha' x1 + sigma' x0,
 *   u - E[u | x_t] = (alpha' - sigma' alpha / sigma) (x1 - E[x1 | x_t]).
 * Source: Lipman et al. 2023, Flow Matching for Generative Modeling, Theorem 2 and its proof.
 *
 * Holds for a standard normal source, independent coupling, uniform times and points in the data's
 * own units.
 *
 * @param rows Data x1, [n * w].
 * @returns Mean over all elements.
 */
export function irreducibleLoss(
  density: KnownDensity,
  rows: ArrayLike<number>,
  { path, seed, width }: {
    readonly path: Path;
    readonly seed: number;
    readonly width: number;
  },
): number {
  const count = rows.length / width;
  const range = { first: 0, count };
  const x0 = drawSource(standardNormal, keyOf(subsequences.evaluationNoise, seed), {
    ...range,
    width,
  });
  const times = drawTimes(uniformTimes, keyOf(subsequences.evaluationTimes, seed), range);
  const at = Array.from(times, (t) => path.at(t));
  const noisy = Float64Array.from(rows, (x1, i) => {
    const { alpha, sigma } = at[Math.floor(i / width)]!;
    return alpha * x1 + sigma * x0[i]!;
  });
  const means = density.posteriorMean(noisy, {
    scale: at.map(({ alpha }) => alpha),
    deviation: at.map(({ sigma }) => sigma),
  });
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    const { alpha, sigma, dAlpha, dSigma } = at[Math.floor(i / width)]!;
    sum += ((dAlpha - dSigma * alpha / sigma) * (rows[i]! - means[i]!)) ** 2;
  }
  return sum / rows.length;
}
