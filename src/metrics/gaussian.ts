import { cholesky, solveLower, type TriangularFactor } from "../core/numbers/triangular.ts";

/** A normal distribution with full covariance, fitted to points. */
export interface FittedGaussian {
  /**
   * Log-density in nats of each row of `points` [n * dims]; its mean over the uniform noise, if
   * columns have some.
   */
  logDensity(points: ArrayLike<number>): Float64Array;
  /**
   * Share of its variance that was added to each column's, because the covariance is singular: fewer
   * points than columns, or columns that follow from others. 0 if it is not.
   */
  readonly ridge: number;
}

/** The ridge where one is needed. */
const RIDGE = 1e-3;

/** A standard deviation below this share of the mean is rounding. */
const ROUNDING = 1e-13;

/** A pivot of a correlation matrix below this is zero up to rounding. */
const ZERO_PIVOT = 1e-10;

/**
 * Fits a normal distribution to points by maximum likelihood (the covariance's divisor is n).
 *
 * The covariance is factorised as a correlation matrix, so columns may have any scale; all sums are
 * in float64, about the means.
 *
 * Uniform noise of width w around the values adds w^2 / 12 to a column's variance, and takes
 * w^2 / 24 times the column's precision from the mean log-density; no noise is drawn.
 *
 * @param points [n * dims], row-major.
 * @param noise.widths Width of the uniform noise in each column, [dims]; default 0.
 * @throws {RangeError} If `points` is not a whole number of rows, or empty.
 */
export function fitGaussian(
  points: ArrayLike<number>,
  dims: number,
  noise: { readonly widths?: readonly number[] } = {},
): FittedGaussian {
  const n = points.length / dims;
  if (!(Number.isInteger(n) && n > 0)) {
    throw new RangeError(
      `fitGaussian: expected rows of ${dims} numbers, got ${points.length} numbers`,
    );
  }
  const mean = new Float64Array(dims), scale = new Float64Array(dims);
  for (let i = 0; i < points.length; i++) mean[i % dims]! += points[i]! / n;
  for (let i = 0; i < points.length; i++) {
    scale[i % dims]! += (points[i]! - mean[i % dims]!) ** 2 / n;
  }
  const noiseVariance = Float64Array.from(
    { length: dims },
    (_, j) => (noise.widths?.[j] ?? 0) ** 2 / 12,
  );
  for (let j = 0; j < dims; j++) {
    const deviation = Math.sqrt(scale[j]! + noiseVariance[j]!);
    // Rounding of the mean is no variance: a constant column makes the matrix singular.
    scale[j] = deviation > ROUNDING * Math.abs(mean[j]!) ? deviation : 1;
  }
  const correlation = Array.from({ length: dims }, (_, j) => new Array<number>(j + 1).fill(0));
  const z = new Float64Array(dims);
  for (let row = 0; row < n; row++) {
    for (let j = 0; j < dims; j++) z[j] = (points[row * dims + j]! - mean[j]!) / scale[j]!;
    for (let j = 0; j < dims; j++) {
      for (let k = 0; k <= j; k++) correlation[j]![k]! += z[j]! * z[k]! / n;
    }
  }
  for (let j = 0; j < dims; j++) {
    correlation[j]![j]! += noiseVariance[j]! / scale[j]! ** 2;
  }
  const plain = cholesky(correlation, pivotOf);
  const ridge = plain === null ? RIDGE : 0;
  const factor = plain ?? cholesky(withRidge(correlation), pivotOf)!;
  let logScale = dims / 2 * Math.log(2 * Math.PI);
  for (let j = 0; j < dims; j++) {
    logScale += Math.log(scale[j]!) + Math.log(factor[j]![j]!);
    if (noiseVariance[j]! === 0) continue;
    logScale += inverseDiagonal(factor, j) * noiseVariance[j]! / scale[j]! ** 2 / 2;
  }
  return {
    ridge,
    logDensity(at) {
      const values = new Float64Array(at.length / dims);
      for (let row = 0; row < values.length; row++) {
        for (let j = 0; j < dims; j++) z[j] = (at[row * dims + j]! - mean[j]!) / scale[j]!;
        solveLower(factor, z);
        const squares = z.reduce((sum, value) => sum + value ** 2, 0);
        values[row] = -squares / 2 - logScale;
      }
      return values;
    },
  };
}

/** Entry (j, j) of the inverse of L L^T: the squared length of column j of L^-1. */
function inverseDiagonal(factor: TriangularFactor, j: number): number {
  const column = new Float64Array(factor.length);
  column[j] = 1;
  solveLower(factor, column);
  return column.reduce((sum, value) => sum + value ** 2, 0);
}

function withRidge(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return matrix.map((row, i) => row.map((value, j) => i === j ? value + RIDGE : value));
}

/** Only a pivot above 0: otherwise columns follow from others. */
function pivotOf(variance: number): number | null {
  return variance > ZERO_PIVOT ? variance : null;
}
