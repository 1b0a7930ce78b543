import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { throwIfStopped } from "../../core/stop.ts";
import { alongPath } from "./along_path.ts";
import type { GaussianPath, Hypothesis, Pairs } from "./gaussian_path.ts";
import { chiSquareScore, momentsOf } from "./significance.ts";

/** Number of vectors. */
export const VECTORS = 1024;

/** The plane, where norms do not concentrate, and the number of pixels of an MNIST image. */
const dimensions = [2, 784];

/** The dimension of the claims. */
export const HIGH_DIMENSION = 784;

/**
 * The radius over s sqrt(d) that separates x_0 from x_(1/2): in 784 dimensions either is on the
 * wrong side with probability 1e-10 (derivation.md, section 5).
 */
const SEPARATING_RADIUS = 5 / 6;

const path: GaussianPath = { s: 1, rho: 0, sigmaMin: 0 };
const times = Array.from({ length: 17 }, (_, i) => i / 16);

/** The norm of x_t in d dimensions at one time, for independent x0 and x1. */
export type NormRow = {
  /** Dimension. */
  readonly d: number;
  /** Time. */
  readonly t: number;
  /** Mean of |x_t|^2. */
  readonly meanSquare: number;
  /** Standard error of `meanSquare`. */
  readonly meanSquareStdErr: number;
  /** d times the variance under the hypothesis. */
  readonly meanSquareTheory: number;
  /** Variance of |x_t|^2. */
  readonly varianceOfSquare: number;
  /** Standard error of `varianceOfSquare`. */
  readonly varianceOfSquareStdErr: number;
  /** 2 d times the square of the variance under the hypothesis. */
  readonly varianceOfSquareTheory: number;
  /** Mean of |x_t| / (s sqrt(d)). */
  readonly radius: number;
  /** 5% quantile of the radius. */
  readonly radiusLow: number;
  /** 95% quantile of the radius. */
  readonly radiusHigh: number;
  /** Share of the vectors outside of {@link SEPARATING_RADIUS}. */
  readonly shareOutside: number;
};

/** Result of {@link sampleNorms}. */
export interface Norms {
  /** One row per dimension and time. */
  readonly rows: readonly NormRow[];
  /** (mean of |x_t|^2 - theory) / standard error in {@link HIGH_DIMENSION}, per time. */
  readonly meanScores: readonly number[];
  /** The variance of |x_t|^2 there as a nearly standard normal score, per time. */
  readonly varianceScores: readonly number[];
}

/** Moves vectors along the path and measures their norms; all times share the same vectors. */
export async function sampleNorms(seed: number, hypothesis: Hypothesis): Promise<Norms> {
  const rows: NormRow[] = [], meanScores: number[] = [], varianceScores: number[] = [];
  for (const d of dimensions) {
    const key = keyOf(subsequences.fmNormPairs, seed, d);
    const pairs = hypothesis.pairs(path, key, VECTORS * d);
    for (const t of times) {
      throwIfStopped();
      const squares = await squaredNorms(pairs, t, d);
      const { mean, meanStdErr, variance, stdErr } = momentsOf(squares);
      const theory = hypothesis.variance(path, t);
      const meanSquareTheory = d * theory, varianceOfSquareTheory = 2 * d * theory ** 2;
      const radii = squares.map((square) => Math.sqrt(square / d) / path.s).sort();
      rows.push({
        d,
        t,
        meanSquare: mean,
        meanSquareStdErr: meanStdErr,
        meanSquareTheory,
        varianceOfSquare: variance,
        varianceOfSquareStdErr: stdErr,
        varianceOfSquareTheory,
        radius: momentsOf(radii).mean,
        radiusLow: radii[Math.floor(0.05 * VECTORS)]!,
        radiusHigh: radii[Math.floor(0.95 * VECTORS)]!,
        shareOutside: radii.filter((radius) => radius > SEPARATING_RADIUS).length / VECTORS,
      });
      if (d !== HIGH_DIMENSION) continue;
      meanScores.push((mean - meanSquareTheory) / meanStdErr);
      // |x_t|^2 is a sum of 784 terms and thus nearly normal; its excess kurtosis 12/d widens the
      // distribution of its sample variance as a smaller number of degrees of freedom would.
      const degrees = (VECTORS - 1) / (1 + 6 / d);
      varianceScores.push(chiSquareScore(degrees * variance / varianceOfSquareTheory, degrees));
    }
  }
  return { rows, meanScores, varianceScores };
}

/** |x_t|^2 of each vector. */
async function squaredNorms(pairs: Pairs, t: number, d: number): Promise<Float64Array> {
  const { x: [x] } = await alongPath([pairs], [t], path.sigmaMin);
  const squares = new Float64Array(x!.length / d);
  for (let row = 0, i = 0; row < squares.length; row++) {
    for (const end = i + d; i < end; i++) squares[row]! += x![i]! ** 2;
  }
  return squares;
}
