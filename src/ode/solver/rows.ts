/**
 * A part of the state of an ODE, such as the position `z` or the change of
 * log-density `logp`. The parts lie side by side in each row.
 */
export interface StatePart {
  /** For people, such as `z`. */
  readonly name: string;
  /** Columns. */
  readonly width: number;
}

/** The parts of a state: `parts`, or one part over all columns where that is null. */
export function partsOf(parts: readonly StatePart[] | null, width: number): readonly StatePart[] {
  return parts ?? [{ name: "y", width }];
}

/** One term of a linear combination of rows. */
export interface Term<Rows> {
  /** One number for all rows, or one per row. */
  readonly weight: number | Float64Array;
  /** [n, w]. */
  readonly rows: Rows;
}

/**
 * The little arithmetic that a solver needs over rows [n, w], so that the same
 * solver runs in float64 on plain arrays and in float32 on an engine's tensors.
 *
 * What a function returns is new and the caller's to release; it may share no
 * storage with its arguments.
 */
export interface RowSpace<Rows> {
  /** Number of rows. */
  count(rows: Rows): number;
  /** Number of columns. */
  width(rows: Rows): number;
  /**
   * base + scale[row] * sum of weight * rows; without the first summand where `base` is null.
   * `scale` is [n], usually the step size h of each row. At least one term.
   */
  combine(base: Rows | null, scale: Float64Array, terms: readonly Term<Rows>[]): Rows;
  /**
   * For every row and part the sum over its columns of
   * (value / (atol + rtol * max(|reference|, |other|)))^2,
   * NaN where a number that enters it is not finite.
   *
   * @returns [n * parts], row-major. The only read-back inside a solve.
   */
  scaledSquares(
    value: Rows,
    against: {
      reference: Rows;
      other: Rows;
      parts: readonly StatePart[];
      rtol: number;
      atol: number;
    },
  ): Promise<Float64Array>;
  /** The rows at `indices`, in that order. */
  take(rows: Rows, indices: Int32Array): Rows;
  /** Blocks under each other; at least one. */
  stack(blocks: readonly Rows[]): Rows;
  /** The columns from `start`, `width` of them. */
  columns(rows: Rows, start: number, width: number): Rows;
  /** Blocks of the same number of rows, side by side; at least one. */
  beside(blocks: readonly Rows[]): Rows;
  /** Gives the storage back; a second time does nothing. */
  release(rows: Rows): void;
}

/** The terms of a weighted sum of slopes; a zero weight costs nothing. */
export function slopeTerms<Rows>(
  weights: readonly (number | Float64Array)[],
  slopes: readonly Rows[],
): Term<Rows>[] {
  return weights.flatMap((weight, i) => weight === 0 ? [] : [{ weight, rows: slopes[i]! }]);
}
