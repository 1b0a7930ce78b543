import type { StatePart } from "./solver/rows.ts";

/**
 * The right-hand side of an ODE: dy/dt = f(t, y) over rows [n, w].
 *
 * Times are per row, [n] in float64, because control groups are at different times; neighbouring
 * rows usually share one.
 */
export interface Field<Rows> {
  /** The parts of the state; null for a single part of any width. */
  readonly parts: readonly StatePart[] | null;
  /** dy/dt, [n, w]; the caller releases it. `rowIds` [n] are the row indices in the whole problem, which select the probes. */
  evaluate(t: Float64Array, y: Rows, rowIds: Int32Array): Rows;
}

/** Accumulator of parameter cotangents, flat vectors in device order. */
export interface GradientSum<Vector> {
  /** Adds `term` and takes ownership of it. */
  add(term: Vector): void;
}

/**
 * A field that can be linearized at given points.
 *
 * Many points are linearized at once, because a replay has all stage inputs in advance while the
 * cotangents arrive one after the other: everything that does not depend on the cotangents is
 * computed in one large batch.
 */
export interface DifferentiableField<Rows, Vector> extends Field<Rows> {
  /** Length of the flat parameter vector. */
  readonly parameterCount: number;
  /** Approximate upper limit of the rows per linearization, so that it stays in the caches. */
  readonly linearizationRows: number;
  /**
   * Linearizes the field at the rows of `y` [n, w], which remains owned by the caller and may be
   * released afterwards.
   *
   * @param point.gradient Receives the parameter cotangents when the linearization is closed, or
   *   earlier; null if they are not needed.
   */
  linearize(point: {
    readonly t: Float64Array;
    readonly y: Rows;
    readonly rowIds: Int32Array;
    readonly gradient: GradientSum<Vector> | null;
  }): Linearization<Rows>;
}

/** The result of {@link DifferentiableField.linearize}. Close it. */
export interface Linearization<Rows> {
  /** f at the points, [n, w]; the caller releases it. */
  value(): Rows;
  /**
   * VJP for the rows `first`, `first + 1`, ...: maps the cotangent [m, w] of f to the cotangent
   * [m, w] of y, which the caller releases. Each row is pulled back at most once.
   */
  pullBack(first: number, cotangent: Rows): Rows;
  /** Adds the contribution of the pulled-back rows to the parameter cotangents and releases everything. */
  close(): void;
}
