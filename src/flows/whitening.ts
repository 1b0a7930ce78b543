import { cholesky, type TriangularFactor } from "../core/numbers/triangular.ts";

/** Smallest pivot of a factor: the least variance of a standardised column given the others. */
const LEAST_PIVOT = 1e-6;

/**
 * The factor L of a shrunk covariance of standardised rows, L L^T = (1 - s) S + s m I, with S their
 * covariance about zero, m its mean eigenvalue and s in [0, 1] the shrinkage that minimises the
 * expected squared error. Columns that others determine keep a variance of 1e-6.
 *
 * Source: Ledoit & Wolf 2004, J. Multivariate Anal. 88, section 3.
 *
 * @param rows [n * dims], n at least 1, standardised: mean 0.
 */
export function ledoitWolfFactor(rows: ArrayLike<number>, dims: number): TriangularFactor {
  const covariance = secondMoments(rows, dims);
  const mean = covariance.reduce((sum, row, i) => sum + row[i]!, 0) / dims;
  const shrinkage = shrinkageOf(rows, covariance, mean);
  const shrunk = covariance.map((row, i) =>
    row.map((value, j) => (1 - shrinkage) * value + (i === j ? shrinkage * mean : 0))
  );
  return cholesky(shrunk, (variance) => Math.max(LEAST_PIVOT, variance))!;
}

/** Mean of the outer products of rows, [dims][dims]. */
function secondMoments(rows: ArrayLike<number>, dims: number): number[][] {
  const sums = Array.from({ length: dims }, () => new Array<number>(dims).fill(0));
  for (let at = 0; at < rows.length; at += dims) {
    for (let i = 0; i < dims; i++) {
      for (let j = 0; j <= i; j++) sums[i]![j]! += rows[at + i]! * rows[at + j]!;
    }
  }
  const n = rows.length / dims;
  return sums.map((_, i) => sums.map((_, j) => (j <= i ? sums[i]![j]! : sums[j]![i]!) / n));
}

/** Estimated squared error of S over its squared distance from m I, at most 1. */
function shrinkageOf(
  rows: ArrayLike<number>,
  covariance: readonly (readonly number[])[],
  mean: number,
): number {
  const dims = covariance.length, n = rows.length / dims;
  let distance = 0, size = 0;
  covariance.forEach((row, i) =>
    row.forEach((value, j) => {
      distance += (value - (i === j ? mean : 0)) ** 2;
      size += value * value;
    })
  );
  if (distance === 0) return 0;
  // Sum of |x x^T - S|^2 over rows = sum of |x|^4 - n |S|^2.
  let fourth = 0;
  for (let at = 0; at < rows.length; at += dims) {
    let square = 0;
    for (let i = 0; i < dims; i++) square += rows[at + i]! ** 2;
    fourth += square * square;
  }
  return Math.min(1, Math.max(0, (fourth / n - size) / n / distance));
}
