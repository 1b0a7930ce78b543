import type { StatePart } from "./rows.ts";

/**
 * What is integrated: dy/dt = f(t, y) over rows [n, w].
 *
 * Time comes one number a row, [n] in float64, because rows of different
 * control groups stand at different times; neighbours mostly share it.
 */
export interface Field<Rows> {
  readonly parts: readonly StatePart[];
  /** dy/dt, [n, w]; the caller's to release. `rowIds` [n] says which rows of the whole problem these are (their probes). */
  evaluate(t: Float64Array, y: Rows, rowIds: Int32Array): Rows;
}

/** A field that can be pulled back: the vector-Jacobian products of {@link Field.evaluate}. */
export interface DifferentiableField<Rows, Gradient> extends Field<Rows> {
  /** The cotangent of y alone, [n, w]. */
  pullBackState(
    t: Float64Array,
    y: Rows,
    cotangent: Rows,
    rowIds: Int32Array,
  ): Rows;
  /** The cotangent of y, and of the parameters summed over the rows, added to `into` if given. */
  pullBack(
    t: Float64Array,
    y: Rows,
    cotangent: Rows,
    rowIds: Int32Array,
    into: Gradient,
  ): Rows;
  /** A gradient of zeros, to be given to {@link pullBack}. */
  zeroGradient(): Gradient;
}
