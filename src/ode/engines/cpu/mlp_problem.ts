import type { EnergyOption } from "../../energies.ts";
import type { Interpolant } from "../../interpolant.ts";
import type { SolveProblem, Support, TraceMethod } from "../engine.ts";
import type { MlpProblem } from "../valid_problem.ts";
import { largestGroup } from "../../solver/control_groups.ts";
import { jobFits, type JobShape } from "./job_sizes.ts";

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
