import { type Measurement, measurementOf, type PointErrors } from "./measurement.ts";
import type { NoisyDensity } from "./flows/ornstein_uhlenbeck.ts";

/** Right-hand side for dp/dt at a fixed x, from spatial derivatives of p. */
export type DensityRate = (
  terms: {
    /** div(f p). */
    readonly flux: number;
    /** Laplacian of p. */
    readonly laplacian: number;
  },
  noise: number,
) => number;

/** The Kolmogorov-Fokker-Planck equation: dp/dt = -div(f p) + g^2/2 Laplacian p. */
export const kolmogorovRate: DensityRate = ({ flux, laplacian }, g) =>
  -flux + g ** 2 / 2 * laplacian;

/** div(f p) and the Laplacian of p by central differences of step h. */
function spatialTerms(of: NoisyDensity, t: number, x: Float64Array, h: number) {
  const shifted = (k: number, by: number) => x.map((value, i) => i === k ? value + by : value);
  const centre = of.density(t, x);
  let flux = 0, laplacian = 0;
  for (let k = 0; k < x.length; k++) {
    const right = shifted(k, h), left = shifted(k, -h);
    const pRight = of.density(t, right), pLeft = of.density(t, left);
    flux += (of.velocity(t, right)[k]! * pRight - of.velocity(t, left)[k]! * pLeft) / (2 * h);
    laplacian += (pRight - 2 * centre + pLeft) / h ** 2;
  }
  return { flux, laplacian };
}

/** Points per time. */
const POINTS = 6;

/**
 * Measures how well dp/dt = `rate` holds at fixed points. Both sides are central differences with
 * the same step in t and x, so the total error is of second order in the step.
 */
export function measureKolmogorov(
  density: NoisyDensity,
  rate: DensityRate,
  seed: number,
): Measurement {
  const points = density.times.flatMap((t) =>
    density.starts(seed, POINTS).map((x): PointErrors => {
      const rises = density.steps.map((h) =>
        (density.density(t + h, x) - density.density(t - h, x)) / (2 * h)
      );
      const errors = density.steps.map((h, i) =>
        rises[i]! - rate(spatialTerms(density, t, x, h), density.noise)
      );
      return { errors, size: rises.at(-1)! };
    })
  );
  const equation = "dp/dt = -div(f p) + g^2/2 Laplacian p";
  const latex = "\\partial p/\\partial t = -\\operatorname{div}(fp) + \\tfrac{g^2}{2}\\,\\Delta p";
  return measurementOf({ case: density.name, equation, latex, steps: density.steps }, points);
}
