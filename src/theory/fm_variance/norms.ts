import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { throwIfStopped } from "../../core/stop.ts";
import { alongPath } from "./along_path.ts";
import type { GaussianPath, Hypothesis, Pairs } from "./gaussian_path.ts";
import { chiSquareScore, momentsOf } from "./significance.ts";

/** Vectors whose norms are followed. */
export const VECTORS = 1024;

/** A plane, where there is no shell to speak of, and the pixels of an MNIST image. */
const dimensions = [2, 784];

/** The dimension on which the claims stand. */
export const HIGH_DIMENSION = 784;

/**
 * The radius over s sqrt(d) that parts x_0 from x_(1/2): in 784 dimensions a vector of
 * either is on the wrong side with probability 1e-10 (derivation.md, section 5).
 */
export const PARTING = 5 / 6;

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
  /** d times the variance that is claimed. */
  readonly meanSquareTheory: number;
  /** Variance of |x_t|^2. */
  readonly varianceOfSquare: number;
  /** Standard error of `varianceOfSquare`. */
  readonly varianceOfSquareStdErr: number;
  /** 2 d times the square of the variance that is claimed. */
  readonly varianceOfSquareTheory: number;
  /** Mean of |x_t| / (s sqrt(d)). */
  readonly radius: number;
  /** Its 5% quantile. */
  readonly radiusLow: number;
  /** Its 95% quantile. */
  readonly radiusHigh: number;
  /** Share of the vectors outside of {@link PARTING}. */
  readonly shareOutside: number;
};

/** What {@link sampleNorms} gives. */
export interface Norms {
  /** One a dimension and time. */
  readonly rows: readonly NormRow[];
  /** (mean of |x_t|^2 - theory) / standard error in {@link HIGH_DIMENSION}, one a time. */
  readonly meanScores: readonly number[];
  /** The variance of |x_t|^2 there, as a score that is nearly standard normal; one a time. */
  readonly varianceScores: readonly number[];
}

/** Moves vectors along the path and measures their norms; the same vectors at all times. */
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
        shareOutside: radii.filter((radius) => radius > PARTING).length / VECTORS,
      });
      if (d !== HIGH_DIMENSION) continue;
      meanScores.push((mean - meanSquareTheory) / meanStdErr);
      // |x_t|^2 is a sum of 784 terms, so nearly normal; its excess kurtosis 12/d widens the
      // distribution of its sample variance by as much as fewer degrees of freedom would.
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
