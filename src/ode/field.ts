import type { StatePart } from "./solver/rows.ts";

/**
 * The right-hand side of an ODE: dy/dt = f(t, y) over rows [n, w].
 *
 * Times are per row, [n] in float64, because control groups are at different times; neighbouring
 * rows mostly share theirs.
 */
export interface Field<Rows> {
  /** The parts of the state; null where it is one part of whatever width. */
  readonly parts: readonly StatePart[] | null;
  /** dy/dt, [n, w]; the caller's to release. `rowIds` [n] says which rows of the whole problem these are (their probes). */
  evaluate(t: Float64Array, y: Rows, rowIds: Int32Array): Rows;
}

/** Where the cotangents of the parameters are summed up, as flat vectors in device order. */
export interface GradientSum<Vector> {
  /** Adds `term`, which is this object's from now on. */
  add(term: Vector): void;
}

/**
 * A field with its derivatives at points of its choice.
 *
 * Many points are linearized at once, because a replay knows all of its stage
 * inputs in advance and only the cotangents one after the other: what does not
 * depend on the cotangents is computed in one large batch.
 */
export interface DifferentiableField<Rows, Vector> extends Field<Rows> {
  /** Length of the flat parameter vector. */
  readonly parameterCount: number;
  /** Rows that one linearization should not exceed by much, so that it stays small and in the caches. */
  readonly linearizationRows: number;
  /**
   * The field near the rows of `y` [n, w], which stays the caller's and may be released.
   *
   * @param point.gradient Receives the parameters' cotangents when the
   *   linearization is closed, or earlier; null where they are not wanted.
   */
  linearize(point: {
    readonly t: Float64Array;
    readonly y: Rows;
    readonly rowIds: Int32Array;
    readonly gradient: GradientSum<Vector> | null;
  }): Linearization<Rows>;
}

/** What {@link DifferentiableField.linearize} gives; close it. */
export interface Linearization<Rows> {
  /** f at the points, [n, w]; the caller's to release. */
  value(): Rows;
  /**
   * The vector-Jacobian product for the rows `first`, `first + 1`, ...: from the
   * cotangent [m, w] of f there to the cotangent [m, w] of y, the caller's to
   * release. Each row is pulled back at most once.
   */
  pullBack(first: number, cotangent: Rows): Rows;
  /** Adds what the pulled-back rows give to the parameters' cotangents, and gives everything back. */
  close(): void;
}
