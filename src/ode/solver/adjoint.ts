import { FailureError } from "../../core/errors.ts";
import type { SolveProblem, SolveReport } from "../engines/engine.ts";
import { describeFailures } from "./failure_message.ts";
import type { DifferentiableField, Field, GradientSum } from "../field.ts";
import { linearizeStages } from "./replay.ts";
import { partsOf, type RowSpace, slopeTerms, type StatePart } from "./rows.ts";
import type { StepRecord } from "./rows_problem.ts";
import { solveRows } from "./solve.ts";

/** The result of an adjoint solve. */
export interface AdjointGradient<Rows> {
  /** Cotangent of y0, [n, w]; owned by the caller. */
  readonly y0: Rows;
  /** Reports of the backward solve, one per control group. */
  readonly reports: readonly SolveReport[];
  /** Number of single-row quadrature VJPs, summed over stages and steps. */
  readonly quadratureRows: number;
}

/**
 * Gradient of a solve by the continuous adjoint method, in constant memory:
 *   dy/dt = f,  da/dt = -(df/dy)^T a,  from t1 back to t0 with a(t1) given,
 *   dL/dtheta = integral from t0 to t1 of (df/dtheta)^T a dt
 * Nothing depends on the integral, so it is a quadrature: it is accumulated after each accepted step
 * with the method's own weights, all stages in one batch, and is excluded from the error norm (a
 * seminorm).
 *
 * Sources: Chen et al. 2018, Neural ODEs, section 2; Kidger, Chen, Lyons 2021,
 * "Hey, that's not an ODE": faster ODE adjoints via seminorms.
 *
 * @throws {FailureError} If a control group fails.
 */
export async function solveAdjoint<Rows, Vector>(
  problem:
    & Pick<SolveProblem, "t0" | "t1" | "tableau" | "control" | "controlGroup" | "maxSteps">
    & {
      readonly space: RowSpace<Rows>;
      readonly field: DifferentiableField<Rows, Vector>;
      /** [n, w] the end of the forward solve; remains owned by the caller. */
      readonly y1: Rows;
      /** [n, w] its cotangent; remains owned by the caller. */
      readonly cotangent: Rows;
      readonly gradient: GradientSum<Vector>;
      /** Largest size of adaptive steps. Default: none. */
      readonly largestStep?: number;
    },
): Promise<AdjointGradient<Rows>> {
  const { space, field, tableau, control } = problem;
  const width = space.width(problem.y1);
  const weighedStages = tableau.b.flatMap((weight, stage) => weight === 0 ? [] : [stage]);
  let quadratureRows = 0;

  /** Adds -h b_i (df/dtheta)^T a for every stage; h is negative. */
  const addQuadrature = (step: StepRecord<Rows>) => {
    const left = (rows: Rows) => space.columns(rows, 0, width);
    const right = (rows: Rows) => space.columns(rows, width, width);
    const states: StepRecord<Rows> = {
      ...step,
      y: left(step.y),
      slopes: step.slopes.map(left),
    };
    const adjoint = right(step.y), adjointSlopes = step.slopes.map(right);
    const near = linearizeStages(problem, [states], weighedStages);
    try {
      const m = step.rowIds.length;
      weighedStages.forEach((stage, i) => {
        const weight = tableau.b[stage]!;
        const terms = slopeTerms(tableau.a[stage]!, adjointSlopes);
        const a = terms.length === 0 ? adjoint : space.combine(adjoint, step.h, terms);
        const weighted = space.combine(null, step.h, [{ weight: -weight, rows: a }]);
        space.release(near.pullBack(i * m, weighted));
        space.release(weighted);
        if (a !== adjoint) space.release(a);
        quadratureRows += m;
      });
    } finally {
      near.close();
      const used = [states.y, ...states.slopes, adjoint, ...adjointSlopes, step.y, ...step.slopes];
      for (const rows of used) space.release(rows);
    }
  };

  const start = space.beside([problem.y1, problem.cotangent]);
  try {
    const { y1, reports } = await solveRows({
      space,
      field: augmented(space, field, width),
      y0: start,
      t0: problem.t1,
      t1: problem.t0,
      tableau,
      control,
      controlGroup: problem.controlGroup,
      maxSteps: problem.maxSteps,
      times: [],
      ...(problem.largestStep !== undefined && { largestStep: problem.largestStep }),
      onStep: addQuadrature,
    });
    try {
      if (reports.some((report) => report.failure !== null)) {
        const settings = { control, maxSteps: problem.maxSteps };
        throw new FailureError(`adjoint: ${describeFailures(reports, { settings, firstRow: 0 })}`);
      }
      return { y0: space.columns(y1, width, width), reports, quadratureRows };
    } finally {
      space.release(y1);
    }
  } finally {
    space.release(start);
  }
}

/** The augmented dynamics of (y, a); the error norm is the maximum over the parts of both. */
function augmented<Rows, Vector>(
  space: RowSpace<Rows>,
  field: DifferentiableField<Rows, Vector>,
  width: number,
): Field<Rows> {
  const parts = partsOf(field.parts, width);
  const both: StatePart[] = [
    ...parts,
    ...parts.map((part) => ({ ...part, name: `cotangent of ${part.name}` })),
  ];
  return {
    parts: both,
    evaluate(t, rows, rowIds) {
      const y = space.columns(rows, 0, width), a = space.columns(rows, width, width);
      const near = field.linearize({ t, y, rowIds, gradient: null });
      const slope = near.value(), pulled = near.pullBack(0, a);
      const minus = space.combine(null, new Float64Array(rowIds.length).fill(-1), [
        { weight: 1, rows: pulled },
      ]);
      const slopes = space.beside([slope, minus]);
      for (const used of [y, a, slope, pulled, minus]) space.release(used);
      near.close();
      return slopes;
    },
  };
}
