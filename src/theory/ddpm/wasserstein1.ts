import { cumulativeOf, densityOf, type Mixture } from "./mixture.ts";

/**
 * 1-Wasserstein distance between a sample and a reference law,
 *   W1 = integral over u in (0, 1) of |F_n^-1(u) - F^-1(u)|,
 * by the midpoint rule on the n intervals where the sample's quantile function is constant.
 *
 * @param sample [n], in any order.
 * @param quantiles [n] Quantiles of the law at (i + 1/2) / n.
 * @returns W1 in the units of the points.
 */
export function distanceOfSample(sample: Float64Array, quantiles: Float64Array): number {
  return sample.toSorted().reduce((sum, x, i) => sum + Math.abs(x - quantiles[i]!), 0) /
    sample.length;
}

/**
 * 1-Wasserstein distance between a density on a grid and a mixture:
 * W1 = integral over x of |F(x) - G(x)|.
 *
 * @param density.values [n] At low, low + spacing, ...
 * @returns W1 in the units of the points.
 */
export function distanceOfDensity(
  density: {
    readonly low: number;
    readonly spacing: number;
    readonly values: Float64Array;
  },
  mixture: Mixture,
): number {
  const { low, spacing, values } = density;
  let apart = 0, distance = 0;
  for (let i = 0; i < values.length; i++) {
    apart += (values[i]! - densityOf(mixture, low + i * spacing)) * spacing;
    distance += Math.abs(apart) * spacing;
  }
  return distance;
}

/** Number of grid cells for the integrals of {@link floorOf}. */
const CELLS = 400;

/**
 * Sampling floor of W1: the mean and standard deviation of the distance between n independent
 * draws from a law and that law itself, for large n.
 *
 * sqrt(n) (F_n - F) converges to a Brownian bridge B(F(x)) with
 * Cov(B(u), B(v)) = min(u, v) - u v, and for a Gaussian pair with correlation r
 *   E|X| = sqrt(2/pi) std X,
 *   Cov(|X|, |Y|) = (2/pi) (sqrt(1 - r^2) + r asin r - 1) std X std Y.
 * Source: del Barrio, Gine and Matran 1999, Ann. Probab. 27(2), Theorem 1.1.
 *
 * @param n Number of draws.
 */
export function floorOf(
  mixture: Mixture,
  n: number,
): { readonly mean: number; readonly stdDev: number } {
  const low = Math.min(...mixture.means) - 8 * mixture.stdDev;
  const width = (Math.max(...mixture.means) + 8 * mixture.stdDev - low) / CELLS;
  const below = Float64Array.from(
    { length: CELLS },
    (_, i) => cumulativeOf(mixture, low + (i + 0.5) * width),
  );
  const spread = below.map((u) => Math.sqrt(u * (1 - u)));
  let mean = 0, variance = 0;
  for (let i = 0; i < CELLS; i++) {
    mean += Math.sqrt(2 / Math.PI) * spread[i]! * width;
    for (let j = 0; j < CELLS; j++) {
      const product = spread[i]! * spread[j]!;
      if (product === 0) continue;
      const first = Math.min(i, j), second = Math.max(i, j);
      const r = Math.min(1, below[first]! * (1 - below[second]!) / product);
      variance += 2 / Math.PI * (Math.sqrt(1 - r * r) + r * Math.asin(r) - 1) * product *
        width ** 2;
    }
  }
  return { mean: mean / Math.sqrt(n), stdDev: Math.sqrt(variance / n) };
}
