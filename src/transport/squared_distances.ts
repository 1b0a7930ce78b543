/**
 * Squared Euclidean distances |a_i - b_j|^2 between the rows of two tables: the cost of the
 * 2-Wasserstein coupling.
 *
 * @param a [n, dims], row-major.
 * @param b [m, dims], row-major.
 * @returns [n, m], row-major.
 */
export function squaredDistances(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  dims: number,
): Float64Array {
  const n = a.length / dims, m = b.length / dims;
  const squared = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < dims; k++) sum += (a[i * dims + k]! - b[j * dims + k]!) ** 2;
      squared[i * m + j] = sum;
    }
  }
  return squared;
}
