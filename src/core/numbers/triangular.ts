/** Lower triangular matrix L with a positive diagonal; row i holds its i + 1 entries. */
export type TriangularFactor = readonly (readonly number[])[];

/**
 * Cholesky factor L of a symmetric matrix L L^T, of which the lower triangle is read.
 *
 * @param pivotOf The variance of a variable given those before it, as it is computed, or what to
 *   take for it; null: the matrix is singular.
 * @returns null if a pivot is.
 */
export function cholesky(
  matrix: readonly (readonly number[])[],
  pivotOf: (variance: number) => number | null,
): TriangularFactor | null {
  const factor: number[][] = [];
  for (const [i, row] of matrix.entries()) {
    const entries: number[] = [];
    for (let j = 0; j <= i; j++) {
      let rest = row[j]!;
      for (let k = 0; k < j; k++) rest -= entries[k]! * (j === i ? entries[k]! : factor[j]![k]!);
      if (j < i) {
        entries.push(rest / factor[j]![j]!);
        continue;
      }
      const pivot = pivotOf(rest);
      if (pivot === null) return null;
      entries.push(Math.sqrt(pivot));
    }
    factor.push(entries);
  }
  return factor;
}

/**
 * Solves L w = z for each row, in place.
 *
 * @param rows [n * d], z; afterwards w.
 */
export function solveLower(factor: TriangularFactor, rows: Float64Array): void {
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
 * Multiplies each row by L, in place: the inverse of {@link solveLower}.
 *
 * @param rows [n * d], w; afterwards z.
 */
export function multiplyLower(factor: TriangularFactor, rows: Float64Array): void {
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
