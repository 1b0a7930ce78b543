/**
 * A part of the state of an ODE, such as the position `z` or the change of log-density `logp`. The
 * parts are consecutive columns of each row.
 */
export interface StatePart {
  /** Name for messages, such as `z`. */
  readonly name: string;
  /** Columns. */
  readonly width: number;
  /**
   * Whether its error does not count in the error norm: a quadrature beside the solution, on which
   * nothing else depends, such as an energy that a loss penalises.
   */
  readonly uncounted?: true;
}

/** The parts of a state: `parts`, or a single part with all columns if that is null. */
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
 * The arithmetic on rows [n, w] that a solver needs, abstracted so that the same solver runs in
 * float64 on plain arrays and in float32 on tensors.
 *
 * Results are new, do not share storage with the arguments, and are released by the caller.
 */
export interface RowSpace<Rows> {
  /** Number of rows. */
  count(rows: Rows): number;
  /** Number of columns. */
  width(rows: Rows): number;
  /**
   * base + scale[row] * sum of weight * rows; a null `base` is zero. `scale` is [n], usually the
   * step size h per row. Expects at least one term.
   */
  combine(base: Rows | null, scale: Float64Array, terms: readonly Term<Rows>[]): Rows;
  /**
   * For each row and part, the sum over the part's columns of
   * (value / (atol + rtol * max(|reference|, |other|)))^2; NaN if any operand is not finite.
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
  /** Concatenates blocks along the rows; expects at least one. */
  stack(blocks: readonly Rows[]): Rows;
  /** The columns `start` to `start + width`. */
  columns(rows: Rows, start: number, width: number): Rows;
  /** Concatenates blocks along the columns; expects at least one. */
  beside(blocks: readonly Rows[]): Rows;
  /** Frees the storage; a second call does nothing. */
  release(rows: Rows): void;
}

/** The terms of a weighted sum of slopes; zero weights are dropped. */
export function slopeTerms<Rows>(
  weights: readonly (number | Float64Array)[],
  slopes: readonly Rows[],
): Term<Rows>[] {
  return weights.flatMap((weight, i) => weight === 0 ? [] : [{ weight, rows: slopes[i]! }]);
}
