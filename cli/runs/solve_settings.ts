import { accurateSolve, type SolveSettings, type TraceSettings } from "@fluxion/fluxion";
import { tableaus } from "@fluxion/fluxion/options";
import { requireSolveMeaning, type SolverFlags, type TraceFlags } from "../options/solve.ts";

/** Steps of a fixed-step solver where nobody says how many. */
const FIXED_STEPS = 16;

/**
 * The accurate solve, with what the user asked for instead.
 *
 * @param run.controlGroup The run's own: sample i of a run is then always the same.
 * @throws {InputError} If an option means nothing for the solver.
 */
export function solveSettings(
  options: SolverFlags & Partial<TraceFlags>,
  run: { readonly controlGroup: number | "batch"; readonly maxSteps: number },
): SolveSettings {
  requireSolveMeaning(options);
  const { solver, rtol, atol, solverSteps } = options;
  const tableau = solver === undefined ? accurateSolve.tableau : tableaus[solver]!;
  const accurate = accurateSolve.control;
  const isAdaptive = tableau.bError !== null;
  const tolerance = accurate.kind === "adaptive" ? accurate : { rtol: 1e-5, atol: 1e-5 };
  return {
    tableau,
    control: isAdaptive
      ? { kind: "adaptive", rtol: rtol ?? tolerance.rtol, atol: atol ?? tolerance.atol }
      : { kind: "fixed", steps: solverSteps ?? FIXED_STEPS },
    controlGroup: options.controlGroup ?? run.controlGroup,
    maxSteps: Math.max(run.maxSteps, accurateSolve.maxSteps),
  };
}

/**
 * How a divergence is computed.
 *
 * @param byDefault What is meant where `--trace` is left out: `exact` unless said otherwise.
 * @throws {InputError} If probes are given for the exact trace.
 */
export function traceSettings(
  flags: TraceFlags & { readonly probeCount?: number },
  byDefault: "exact" | "hutchinson" = "exact",
): TraceSettings {
  const { trace = byDefault, probes = "rademacher", probeCount } = flags;
  requireSolveMeaning({ ...flags, trace });
  if (trace === "exact") return { kind: "exact" };
  const count = probeCount === undefined ? {} : { count: probeCount };
  return { kind: "hutchinson", distribution: probes, ...count };
}
