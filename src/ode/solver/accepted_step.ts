import type { Tableau } from "../tableau.ts";
import { denseWeights } from "../interpolant.ts";
import { type RowSpace, slopeTerms } from "./rows.ts";

/** An accepted step of a single control group, with the data of its dense output. */
export interface AcceptedStep<Rows> {
  /** Start time. */
  readonly t0: number;
  /** End time. */
  readonly t1: number;
  /** The step size of the stages: t1 - t0 up to rounding. */
  readonly h: number;
  /** [n, w] the state at t0. */
  readonly y0: Rows;
  /** [n, w] the state at t1. */
  readonly y1: Rows;
  /** [n, w] each: the slopes of all stages, followed by the slope at t1 unless the method is FSAL. */
  readonly slopes: readonly Rows[];
}

/**
 * Dense output: the state at a time within a step. At its ends, copies of the step's own states are
 * returned instead of the interpolant.
 *
 * @param t From `step.t0` to `step.t1`.
 * @returns [n, w], new.
 */
export function stateInside<Rows>(
  method: { readonly space: RowSpace<Rows>; readonly tableau: Tableau },
  step: AcceptedStep<Rows>,
  t: number,
): Rows {
  const { space, tableau } = method;
  const count = space.count(step.y0);
  const end = t === step.t0 ? step.y0 : t === step.t1 ? step.y1 : null;
  if (end !== null) return space.take(end, Int32Array.from({ length: count }, (_, i) => i));
  const theta = (t - step.t0) / (step.t1 - step.t0);
  const terms = slopeTerms(denseWeights(tableau.interpolant, theta), step.slopes);
  return space.combine(step.y0, new Float64Array(count).fill(step.h), terms);
}
