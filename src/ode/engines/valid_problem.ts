import { energyColumns } from "../energies.ts";
import { requireInterpolant } from "../interpolant.ts";
import { requireControl } from "../solver/step_control.ts";
import type { FieldSpec, SolveProblem } from "./engine.ts";

/** A problem over the fused field of a ConditionalMLP. */
export type MlpProblem = SolveProblem & { readonly field: Extract<FieldSpec, { kind: "mlp" }> };

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
