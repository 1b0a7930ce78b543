import type { FlowModel, SolveSettings } from "../../flows/model.ts";
import { sample } from "../../flows/sample.ts";
import { type PointValues, toModel } from "../../flows/standardization.ts";
import { meanAndStdErr } from "../../metrics/statistics.ts";
import type { Engines } from "../../ode/engines/engines.ts";
import { tableaus } from "../../ode/tableaus.ts";

/** Names of the compared solvers, by ascending order. */
export const studiedSolvers = ["euler", "midpoint", "rk4", "dopri5"] as const;

/** A name of {@link studiedSolvers}. */
export type StudiedSolver = typeof studiedSolvers[number];

/** The samples of one solver at one setting. */
export interface StudiedSamples {
  /** Which solver. */
  readonly solver: StudiedSolver;
  /** Command-line options: `--solver-steps 8`, `--rtol 1e-3 --atol 1e-3`. */
  readonly options: readonly string[];
  /** Mean field evaluations per solve. */
  readonly nfe: number;
  /** [count * w] in the data's units, from noise shared by all settings. */
  readonly samples: PointValues;
  /**
   * RMS difference to the accurate samples over all entries; for a table with standardised columns
   * in standardised units.
   */
  readonly error: number;
}

/** Field evaluations of fixed-step solvers; multiples of 4, the number of stages of rk4. */
export const BUDGETS = [4, 8, 16, 32, 64] as const;

/** Tolerances of the adaptive solver, one per budget. */
const TOLERANCES = ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5"] as const;

/** Tolerance of the reference samples. */
const ACCURATE = 1e-6;

/**
 * Draws the same samples with each solver at several costs, to show the effect of cheaper solves.
 *
 * @param settings.count Number of samples.
 * @returns Reference samples, and one entry per solver and setting, in the order of
 *   {@link studiedSolvers} and {@link BUDGETS}.
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
