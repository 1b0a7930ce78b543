import { accurateSolve, type SolveSettings, type TraceSettings } from "@fluxion/fluxion/program";
import { tableaus } from "@fluxion/fluxion/options";
import { requireSolveApplicable, type SolverFlags, type TraceFlags } from "../options/solve.ts";

/** Default number of steps of a fixed-step solver. */
const FIXED_STEPS = 16;

/**
 * The settings of the accurate solve, overridden by the user's options.
 *
 * @param run.controlGroup The run's own, so that sample i of a run is always the same.
 * @throws {InputError} If an option does not apply to the solver.
 */
export function solveSettings(
  options: SolverFlags & Partial<TraceFlags>,
  run: { readonly controlGroup: number | "batch"; readonly maxSteps: number },
): SolveSettings {
  requireSolveApplicable(options);
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
 * Settings for computing the divergence.
 *
 * @param byDefault Value when `--trace` is not given.
 * @throws {InputError} If probes are given for the exact trace.
 */
export function traceSettings(
  flags: TraceFlags & { readonly probeCount?: number },
  byDefault: "exact" | "hutchinson" = "exact",
): TraceSettings {
  const { trace = byDefault, probes = "rademacher", probeCount } = flags;
  requireSolveApplicable({ ...flags, trace });
  if (trace === "exact") return { kind: "exact" };
  const count = probeCount === undefined ? {} : { count: probeCount };
  return { kind: "hutchinson", distribution: probes, ...count };
}
