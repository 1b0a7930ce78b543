/**
 * Lower triangular matrix L with a positive diagonal; row i holds its i + 1 entries. Whitened
 * coordinates of standardised ones are w = L^-1 z, so that z = L w has covariance L L^T where w has
 * unit covariance.
 */
export type TriangularFactor = readonly (readonly number[])[];

/**
 * Solves L w = z for each row, in place.
 *
 * @param rows [n * d], z; afterwards w.
 */
export function whiten(factor: TriangularFactor, rows: Float64Array): void {
  const dims = factor.length;
  for (let at = 0; at < rows.length; at += dims) {
    factor.forEach((entries, i) => {
      let rest = rows[at + i]!;
      for (let j = 0; j < i; j++) rest -= entries[j]! * rows[at + j]!;
      rows[at + i] = rest / entries[i]!;
    });
  }
}

/**
 * Multiplies each row by L, in place: the inverse of {@link whiten}.
 *
 * @param rows [n * d], w; afterwards z.
 */
export function unwhiten(factor: TriangularFactor, rows: Float64Array): void {
  const dims = factor.length;
  for (let at = 0; at < rows.length; at += dims) {
    for (let i = dims - 1; i >= 0; i--) {
      const entries = factor[i]!;
      let sum = 0;
      for (let j = 0; j <= i; j++) sum += entries[j]! * rows[at + j]!;
      rows[at + i] = sum;
    }
  }
}

/** log |det L|, in nats. */
export function logDeterminant(factor: TriangularFactor): number {
  return factor.reduce((sum, entries, i) => sum + Math.log(entries[i]!), 0);
}

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
  return cholesky(shrunk);
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

/** Cholesky factor of a symmetric positive semidefinite matrix; pivots are at least 1e-6. */
function cholesky(matrix: readonly (readonly number[])[]): TriangularFactor {
  const factor: number[][] = [];
  matrix.forEach((row, i) => {
    const entries: number[] = [];
    for (let j = 0; j <= i; j++) {
      let rest = row[j]!;
      for (let k = 0; k < j; k++) rest -= entries[k]! * (j === i ? entries[k]! : factor[j]![k]!);
      entries.push(j === i ? Math.sqrt(Math.max(LEAST_PIVOT, rest)) : rest / factor[j]![j]!);
    }
    factor.push(entries);
  });
  return factor;
}
