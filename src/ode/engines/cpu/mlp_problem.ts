import { energyColumns, type EnergyOption } from "../../energies.ts";
import { type Interpolant, requireInterpolant } from "../../interpolant.ts";
import type { FieldSpec, SolveProblem, Support, TraceMethod } from "../engine.ts";
import { largestGroup } from "../../solver/control_groups.ts";
import { requireControl } from "../../solver/step_control.ts";
import { jobFits, type JobShape } from "./job_sizes.ts";

/** A problem over a field that the CPU engine supports. */
export type MlpProblem = SolveProblem & { readonly field: Extract<FieldSpec, { kind: "mlp" }> };

/** What determines the sizes of a problem's job. */
export interface ProblemShape extends Pick<MlpProblem, "tableau" | "controlGroup" | "keep"> {
  readonly field: Pick<MlpProblem["field"], "dims" | "hidden"> & {
    readonly trace: { readonly kind: TraceMethod["kind"] } & EnergyOption | null;
  };
  readonly y0: Pick<SolveProblem["y0"], "shape">;
}

/** The coefficients of an interpolant, in the order of a job. */
export function interpolantNumbers({ powers, basis, values }: Interpolant): number[] {
  return [...powers, ...basis.flat(), ...values.flat()];
}

/** The shapes that determine the sizes of a problem's job. */
export function shapeOf({ field, y0, tableau, controlGroup, keep }: ProblemShape): JobShape {
  const { dims, hidden, trace } = field;
  const [rows, width] = y0.shape;
  return {
    dims,
    hidden,
    directions: trace === null ? 0 : trace.kind === "exact" ? dims : 1,
    probed: trace?.kind === "hutchinson",
    rows,
    width,
    energies: trace?.energies === true,
    groupRows: largestGroup(rows, controlGroup),
    stages: tableau.c.length,
    interpolant: interpolantNumbers(tableau.interpolant).length,
    times: keep.kind === "times" ? keep.times.length : 0,
  };
}

/** @throws {RangeError} If the problem is invalid for every engine. */
export function requireProblem(problem: MlpProblem): void {
  requireSolvable(problem);
  const { y0, field: { dims, trace } } = problem;
  const [rows, width] = y0.shape;
  const wanted = dims + (trace === null ? 0 : 1 + energyColumns(trace));
  if (rows < 1 || width !== wanted) {
    throw new RangeError(
      `solve: expected at least one row of ${wanted} numbers, got shape [${rows}, ${width}]`,
    );
  }
}

/** @throws {RangeError} If a problem over any field is invalid for every engine. */
export function requireSolvable({ tableau, control, controlGroup, ...rest }: SolveProblem): void {
  requireControl({ control, ...rest });
  requireInterpolant(tableau.interpolant, tableau);
  if (controlGroup !== "batch" && !(Number.isInteger(controlGroup) && controlGroup > 0)) {
    throw new RangeError(
      `control group: expected a positive whole number or "batch", got ${controlGroup}`,
    );
  }
  if (control.kind === "adaptive" && tableau.bError === null) {
    throw new RangeError(`${tableau.name} has no error estimate: it takes fixed steps only`);
  }
}

/** Whether a problem's job fits the engine's memory. */
export function fits(problem: ProblemShape): boolean {
  return jobFits(shapeOf(problem), problem.keep.kind === "records");
}

/** Depends on kinds and shapes only, never on free memory: other engines do not compute the same bits. */
export function supports({ field, ...problem }: SolveProblem): Support {
  if (field.kind !== "mlp") {
    return { kind: "no", reasons: [`it takes fields of kind mlp, not ${field.kind}`] };
  }
  return fits({ ...problem, field }) ? { kind: "yes" } : {
    kind: "no",
    reasons: [
      `a network of width ${field.hidden} over ${field.dims} dimensions, ${problem.y0.shape[0]} ` +
      `rows and a control group of ${problem.controlGroup} do not fit its memory`,
    ],
  };
}
