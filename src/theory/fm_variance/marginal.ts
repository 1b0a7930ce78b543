import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { throwIfStopped } from "../../core/stop.ts";
import { alongPath } from "./along_path.ts";
import type { GaussianPath, Hypothesis } from "./gaussian_path.ts";
import { kolmogorov, momentsOf, normalCdf } from "./significance.ts";

/** Pairs per row; the standard error of a variance is then 0.8% of it. */
export const SAMPLES = 32_768;

/**
 * Rounding error of the float32 path (relative spacing 1.2e-7). It is the scale of a difference
 * where there is no sampling error (rho = 1 or -1).
 */
const ROUNDING = 1e-6;

const eighths = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i / 8);

/** Sampled paths and times (all times are exact in float32). */
const plan: readonly { readonly path: GaussianPath; readonly times: readonly number[] }[] = [
  // The curves of the picture.
  ...[-1, -0.5, 0, 0.5, 1].map((rho) => ({ path: { s: 1, rho, sigmaMin: 0 }, times: eighths })),
  ...[0.5, 2].flatMap((s) =>
    [0, 0.125, 0.5].flatMap((sigmaMin) =>
      [-0.5, 0, 0.5, 1].map((rho) => ({
        path: { s, rho, sigmaMin },
        times: [0.25, 0.5, 0.75, 1],
      }))
    )
  ),
];

/** The distribution of x_t at one time of one path, sampled. */
export type MarginalRow = {
  /** Time. */
  readonly t: number;
  /** Standard deviation of x0 and x1. */
  readonly s: number;
  /** Their correlation. */
  readonly rho: number;
  /** Residual noise level at t = 1. */
  readonly sigmaMin: number;
  /** Sample variance. */
  readonly variance: number;
  /** Standard error of `variance`. */
  readonly stdErr: number;
  /** Variance under the hypothesis. */
  readonly theory: number;
  /** Sample mean; 0 under the hypothesis. */
  readonly mean: number;
  /** Standard error of `mean`. */
  readonly meanStdErr: number;
  /** sqrt(n) times the Kolmogorov-Smirnov distance to N(0, theory), or to the constant 0. */
  readonly kolmogorov: number;
};

/** Regression of dx_t/dt on x_t at one time of one path, the target of flow matching. */
export type VelocityRow = {
  /** Time. */
  readonly t: number;
  /** Standard deviation of x0 and x1. */
  readonly s: number;
  /** Their correlation. */
  readonly rho: number;
  /** Residual noise level at t = 1. */
  readonly sigmaMin: number;
  /** Least-squares slope of dx_t/dt on x_t, without intercept. */
  readonly slope: number;
  /** Standard error of `slope`, including float32 rounding. */
  readonly stdErr: number;
  /** Rate under the hypothesis. */
  readonly theory: number;
};

/** Result of {@link sampleMarginals}. */
export interface Marginals {
  /** One row per path and time. */
  readonly rows: readonly MarginalRow[];
  /** The same, without the times at which x_t is constant. */
  readonly velocities: readonly VelocityRow[];
  /** (mean - 0) / standard error, per row. */
  readonly meanScores: readonly number[];
  /** (variance - theory) / standard error, per row. */
  readonly varianceScores: readonly number[];
  /** (slope - theory) / standard error, per velocity row. */
  readonly slopeScores: readonly number[];
}

/**
 * Draws pairs (x0, x1), evaluates Fluxion's probability path on the open backend, and computes
 * statistics of the result in float64. Rows are independent of each other.
 */
export async function sampleMarginals(seed: number, hypothesis: Hypothesis): Promise<Marginals> {
  const rows: MarginalRow[] = [], velocities: VelocityRow[] = [];
  const meanScores: number[] = [], varianceScores: number[] = [], slopeScores: number[] = [];
  let drawn = 0;
  for (const { path, times } of plan) {
    const pairs = times.map(() =>
      hypothesis.pairs(path, keyOf(subsequences.fmMarginalPairs, seed, drawn++), SAMPLES)
    );
    const moved = await alongPath(pairs, times, path.sigmaMin);
    for (const [i, t] of times.entries()) {
      throwIfStopped();
      const x = moved.x[i]!, velocity = moved.velocity[i]!;
      const theory = hypothesis.variance(path, t);
      const { mean, meanStdErr, variance, stdErr } = momentsOf(x);
      meanScores.push(mean / Math.hypot(meanStdErr, ROUNDING * path.s));
      varianceScores.push((variance - theory) / Math.hypot(stdErr, ROUNDING * path.s ** 2));
      if (variance > (ROUNDING * path.s) ** 2) {
        const { slope, stdErr } = regression(velocity, x, path.s);
        const rate = hypothesis.rate(path, t);
        velocities.push({ t, ...path, slope, stdErr, theory: rate });
        slopeScores.push((slope - rate) / stdErr);
      }
      rows.push({
        t,
        ...path,
        variance,
        stdErr,
        theory,
        mean,
        meanStdErr,
        kolmogorov: distanceToNormal(x, theory, path.s),
      });
    }
  }
  return { rows, velocities, meanScores, varianceScores, slopeScores };
}

/** Slope of y = slope * x + noise, with x and y of mean 0, and its standard error. */
function regression(
  y: Float64Array,
  x: Float64Array,
  s: number,
): { readonly slope: number; readonly stdErr: number } {
  let xx = 0, xy = 0;
  for (let i = 0; i < x.length; i++) {
    xx += x[i]! ** 2;
    xy += x[i]! * y[i]!;
  }
  const slope = xy / xx;
  let residual = 0;
  for (let i = 0; i < x.length; i++) residual += (y[i]! - slope * x[i]!) ** 2;
  const sampling = Math.sqrt(residual / (x.length - 1) / xx);
  const deviation = Math.sqrt(xx / x.length);
  return { slope, stdErr: Math.hypot(sampling, ROUNDING * s / deviation) };
}

/** sqrt(n) times the Kolmogorov-Smirnov distance to N(0, variance); `x` is sorted. */
function distanceToNormal(x: Float64Array, variance: number, s: number): number {
  const deviation = Math.sqrt(variance);
  if (deviation > 0) return kolmogorov(x, (value) => normalCdf(value / deviation));
  // The constant 0, up to float32 rounding.
  return x.filter((value) => !(Math.abs(value) <= ROUNDING * s)).length / Math.sqrt(x.length);
}
