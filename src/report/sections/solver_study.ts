import type { FlowModel, SolveSettings } from "../../flows/model.ts";
import { sample } from "../../flows/sample.ts";
import { type PointValues, toModel } from "../../flows/standardization.ts";
import { meanAndStdErr } from "../../metrics/statistics.ts";
import type { Engines } from "../../ode/engines/engines.ts";
import { tableaus } from "../../ode/tableaus.ts";

/** Solvers that are compared, by name, in the order of their orders. */
export const studiedSolvers = ["euler", "midpoint", "rk4", "dopri5"] as const;

/** A name of {@link studiedSolvers}. */
export type StudiedSolver = typeof studiedSolvers[number];

/** The same samples through one solver at one setting. */
export interface StudiedSamples {
  /** Which solver. */
  readonly solver: StudiedSolver;
  /** As an option of the command line: `--solver-steps 8`, `--rtol 1e-3 --atol 1e-3`. */
  readonly options: readonly string[];
  /** Mean field evaluations a solve. */
  readonly nfe: number;
  /** [count * w] in the data's units, from the same noise for all. */
  readonly samples: PointValues;
  /**
   * Root mean square of the difference to the accurate samples, over all numbers; of a table those
   * of the standardised columns, whose units differ.
   */
  readonly error: number;
}

/** Evaluations that fixed-step solvers are given; a multiple of 4, as many as rk4 has stages. */
export const BUDGETS = [4, 8, 16, 32, 64] as const;

/** Tolerances of the adaptive solver, as many as there are budgets. */
const TOLERANCES = ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5"] as const;

/** Tolerance of the samples that the others are compared with. */
const ACCURATE = 1e-6;

/**
 * Draws the same samples through each solver at falling cost, so that what a
 * cheaper solve changes can be seen and measured.
 *
 * @param settings.count How many samples.
 * @returns Accurate samples, and solvers x settings in the order of {@link studiedSolvers} and {@link BUDGETS}.
 */
export async function studySolvers(
  model: FlowModel,
  engines: Engines,
  settings: { readonly count: number; readonly seed: number; readonly solve: SolveSettings },
): Promise<{ readonly accurate: PointValues; readonly studied: readonly StudiedSamples[] }> {
  const { count, seed, solve } = settings;
  const draw = (changed: Partial<SolveSettings>) =>
    sample(model, engines, { count, seed, settings: { ...solve, ...changed } });
  const { samples: accurate } = await draw({
    control: { kind: "adaptive", rtol: ACCURATE, atol: ACCURATE },
  });
  const forModel = (samples: PointValues) => toModel(model.standardization, samples);
  const studied: StudiedSamples[] = [];
  for (const solver of studiedSolvers) {
    const tableau = tableaus[solver]!;
    for (const [i, budget] of BUDGETS.entries()) {
      const tolerance = TOLERANCES[i]!;
      const steps = budget / tableau.c.length;
      const isAdaptive = tableau.bError !== null;
      const { samples, reports } = await draw({
        tableau,
        control: isAdaptive
          ? { kind: "adaptive", rtol: Number(tolerance), atol: Number(tolerance) }
          : { kind: "fixed", steps },
      });
      studied.push({
        solver,
        options: isAdaptive
          ? ["--solver", solver, "--rtol", tolerance, "--atol", tolerance]
          : ["--solver", solver, "--solver-steps", String(steps)],
        nfe: meanAndStdErr(reports.map((report) => report.nfe)).mean,
        samples,
        error: rootMeanSquare(forModel(samples), forModel(accurate)),
      });
    }
  }
  return { accurate, studied };
}

function rootMeanSquare(a: PointValues, b: PointValues): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum / a.length);
}
