import type { StepControl } from "../engines/engine.ts";
import { denseWeights } from "../interpolant.ts";
import type { DifferentiableField, GradientSum } from "../field.ts";
import { solveAdjoint } from "../solver/adjoint.ts";
import { replay, type StepCotangents } from "../solver/replay.ts";
import type { RowSpace, Term } from "../solver/rows.ts";
import type { StepRecord } from "../solver/rows_problem.ts";
import type { Tableau } from "../tableau.ts";

/** A dense-output state of a one-row solve, with its cotangent. */
export interface Output<Rows> {
  readonly t: number;
  /** [1, w] the state. */
  readonly y: Rows;
  /** [1, w]. */
  readonly cotangent: Rows;
}

/** Inputs of both gradient methods of a one-row solve. */
export interface OutputProblem<Rows, Vector> {
  readonly space: RowSpace<Rows>;
  readonly field: DifferentiableField<Rows, Vector>;
  readonly tableau: Tableau;
  readonly t0: number;
  /** In the order of the solve; remain owned by the caller. */
  readonly outputs: readonly Output<Rows>[];
  /** Receives the parameter cotangents. */
  readonly gradient: GradientSum<Vector>;
}

const ONE = Float64Array.of(1);
const FIRST_ROW = Int32Array.of(0);

/** h times a sum of terms, new; null if all weights are zero. */
function sum<Rows>(
  space: RowSpace<Rows>,
  h: Float64Array,
  terms: readonly Term<Rows>[],
): Rows | null {
  const some = terms.filter(({ weight }) => weight !== 0);
  return some.length === 0 ? null : space.combine(null, h, some);
}

/** a + b, new; releases the operands. */
function added<Rows>(space: RowSpace<Rows>, a: Rows | null, b: Rows | null): Rows | null {
  if (a === null || b === null) return a ?? b;
  const both = space.combine(a, ONE, [{ weight: 1, rows: b }]);
  space.release(a);
  space.release(b);
  return both;
}

/**
 * The cotangent of y0 from those of outputs at any times, by replaying the recorded steps.
 *
 * An output at theta in a step is y + h * sum of w_i(theta) k_i, so its cotangent c adds c to the
 * cotangent of y and h w_i c to that of each slope; the slope at the end of the step is the first
 * slope of the next step.
 *
 * @param problem.steps All steps, one row each.
 * @param problem.end The end of the last step.
 * @returns [1, w], new.
 */
export function pullBackOutputs<Rows, Vector>(
  problem: OutputProblem<Rows, Vector> & {
    readonly steps: readonly StepRecord<Rows>[];
    readonly end: { readonly t: number; readonly y: Rows };
  },
): Rows {
  const { space, field, tableau, t0, outputs, steps, end, gradient } = problem;
  const direction = Math.sign(end.t - t0);
  const endOf = (k: number) => k + 1 < steps.length ? steps[k + 1]!.t[0]! : end.t;
  const inside = new Map<StepRecord<Rows>, StepCotangents<Rows>>();
  const left = outputs.filter(({ t }) => t !== t0);
  // Cotangent of the slope at the end of the previous step.
  let carried: Rows | null = null;
  steps.forEach((step, k) => {
    const t = step.t[0]!, h = step.h, t1 = endOf(k);
    const isLater = left.findIndex((output) => (output.t - t1) * direction > 0);
    const due = left.splice(0, isLater < 0 ? left.length : isLater);
    if (due.length === 0 && carried === null) return;
    const weights = due.map((output) =>
      denseWeights(tableau.interpolant, (output.t - t) / (t1 - t))
    );
    const ofSlope = (i: number) =>
      sum(space, h, due.map(({ cotangent }, j) => ({ weight: weights[j]![i]!, rows: cotangent })));
    const slopes = step.slopes.map((_, i) => ofSlope(i));
    slopes[0] = added(space, slopes[0]!, carried);
    carried = due.length === 0 ? null : ofSlope(step.slopes.length);
    const start = sum(space, ONE, due.map(({ cotangent }) => ({ weight: 1, rows: cotangent })));
    inside.set(step, { slopes, start });
  });
  const last = carried as Rows | null;
  let cotangent = space.combine(null, Float64Array.of(0), [{ weight: 1, rows: end.y }]);
  try {
    if (last !== null) {
      const near = field.linearize({
        t: Float64Array.of(end.t),
        y: end.y,
        rowIds: FIRST_ROW,
        gradient,
      });
      try {
        cotangent = added(space, cotangent, near.pullBack(0, last))!;
      } finally {
        near.close();
      }
    }
    const { y0 } = replay({ space, field, tableau, steps, cotangent, gradient, inside });
    return withOutputs(space, y0, outputs.filter(({ t }) => t === t0));
  } finally {
    space.release(cotangent);
    if (last !== null) space.release(last);
    for (const { start, slopes } of inside.values()) {
      for (const rows of [start, ...slopes]) if (rows !== null) space.release(rows);
    }
  }
}

/** `cotangent`, which is released, plus the cotangents of outputs at its time; new. */
function withOutputs<Rows>(
  space: RowSpace<Rows>,
  cotangent: Rows,
  outputs: readonly Output<Rows>[],
): Rows {
  if (outputs.length === 0) return cotangent;
  const terms = outputs.map(({ cotangent: rows }) => ({ weight: 1, rows }));
  const both = space.combine(cotangent, ONE, terms);
  space.release(cotangent);
  return both;
}

/**
 * The cotangent of y0 from those of outputs at any times by the continuous adjoint, from each
 * output back to the one before it.
 *
 * @param problem.span Length of the requested interval, over which fixed steps are distributed.
 * @returns [1, w], new.
 * @throws {FailureError} If the adjoint solve fails.
 */
export async function adjointOfOutputs<Rows, Vector>(
  problem: OutputProblem<Rows, Vector> & {
    readonly control: StepControl;
    readonly maxSteps: number;
    readonly largestStep?: number;
    readonly span: number;
  },
): Promise<Rows> {
  const { space, t0, outputs, control, span } = problem;
  const times = [...new Set([t0, ...outputs.map(({ t }) => t)])];
  const at = (t: number) => outputs.filter((output) => output.t === t);
  const first = outputs[0]!;
  let cotangent = space.combine(null, Float64Array.of(0), [{ weight: 1, rows: first.cotangent }]);
  for (let i = times.length - 1; i > 0; i--) {
    const t1 = times[i]!, begin = times[i - 1]!;
    cotangent = withOutputs(space, cotangent, at(t1));
    const steps = control.kind === "fixed"
      ? Math.max(1, Math.round(control.steps * Math.abs((t1 - begin) / span)))
      : 0;
    try {
      const { y0 } = await solveAdjoint({
        ...problem,
        control: control.kind === "fixed" ? { kind: "fixed", steps } : control,
        controlGroup: "batch",
        t0: begin,
        t1,
        y1: at(t1)[0]!.y,
        cotangent,
      });
      space.release(cotangent);
      cotangent = y0;
    } catch (error) {
      space.release(cotangent);
      throw error;
    }
  }
  return withOutputs(space, cotangent, at(t0));
}
