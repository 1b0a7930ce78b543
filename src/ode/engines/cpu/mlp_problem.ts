import type { FieldSpec, SolveProblem } from "../engine.ts";
import { requireCountable } from "../../solver/step_control.ts";
import type { JobShape } from "./job_sizes.ts";

/** A problem that the CPU engine solves itself. */
export type MlpProblem = SolveProblem & { readonly field: Extract<FieldSpec, { kind: "mlp" }> };

/** What the sizes of a problem's job follow from. */
export function shapeOf({ field, y0, tableau, controlGroup, keep }: MlpProblem): JobShape {
  const { dims, hidden, trace } = field;
  const [rows, width] = y0.shape;
  return {
    dims,
    hidden,
    directions: trace === null ? 0 : trace.kind === "exact" ? dims : 1,
    probed: trace?.kind === "hutchinson",
    rows,
    width,
    groupRows: controlGroup === "batch" ? rows : Math.min(controlGroup, rows),
    stages: tableau.c.length,
    times: keep.kind === "times" ? keep.times.length : 0,
  };
}

/** @throws {RangeError} If a problem is one that no engine solves. */
export function requireProblem({ y0, field, tableau, control, ...problem }: MlpProblem): void {
  const { controlGroup, maxSteps } = problem;
  requireCountable(control, maxSteps);
  const [rows, width] = y0.shape;
  const wanted = field.dims + (field.trace === null ? 0 : 1);
  if (rows < 1 || width !== wanted) {
    throw new RangeError(
      `solve: expected at least one row of ${wanted} numbers, got shape [${rows}, ${width}]`,
    );
  }
  if (controlGroup !== "batch" && !(Number.isInteger(controlGroup) && controlGroup > 0)) {
    throw new RangeError(
      `control group: expected a positive whole number or "batch", got ${controlGroup}`,
    );
  }
  if (control.kind === "adaptive" && tableau.bError === null) {
    throw new RangeError(`${tableau.name} has no error estimate: it takes fixed steps only`);
  }
}
