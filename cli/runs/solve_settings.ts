import { accurateSolve, type SolveSettings, type TraceSettings } from "@fluxion/fluxion";
import { InputError } from "@fluxion/fluxion/core";
import { tableaus } from "@fluxion/fluxion/options";
import type { ProbeCountOption, SolverOptions, TraceOptions } from "../options/solver.ts";

/** Steps of a fixed-step solver where nobody says how many. */
const FIXED_STEPS = 16;

/**
 * The accurate solve, with what the user asked for instead.
 *
 * @param run.controlGroup The run's own: sample i of a run is then always the same.
 * @throws {InputError} If an option means nothing for the solver.
 */
export function solveSettings(
  options: SolverOptions,
  run: { readonly controlGroup: number | "batch"; readonly maxSteps: number },
): SolveSettings {
  const { solver, rtol, atol, solverSteps } = options;
  const tableau = solver === undefined ? accurateSolve.tableau : tableaus[solver]!;
  const accurate = accurateSolve.control;
  const isAdaptive = tableau.bError !== null;
  if (isAdaptive && solverSteps !== undefined) {
    throw new InputError(
      `--solver-steps ${solverSteps}: ${tableau.name} chooses its steps; give --rtol and --atol`,
    );
  }
  if (!isAdaptive && (rtol !== undefined || atol !== undefined)) {
    throw new InputError(
      `${rtol === undefined ? `--atol ${atol}` : `--rtol ${rtol}`}: ${tableau.name} takes fixed ` +
        "steps; give --solver-steps",
    );
  }
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
 * @throws {InputError} If probes are named for the exact trace.
 */
export function traceSettings(
  { trace, probes, probeCount }: TraceOptions & ProbeCountOption,
  byDefault: "exact" | "hutchinson" = "exact",
): TraceSettings {
  if ((trace ?? byDefault) === "hutchinson") {
    const count = probeCount === undefined ? {} : { count: probeCount };
    return { kind: "hutchinson", distribution: probes ?? "rademacher", ...count };
  }
  if (probes !== undefined) {
    throw new InputError(
      `--probes ${probes}: the exact trace has none; give --trace hutchinson too`,
    );
  }
  if (probeCount !== undefined) {
    throw new InputError(
      `--probe-count ${probeCount}: the exact trace has no probes; give --trace hutchinson too`,
    );
  }
  return { kind: "exact" };
}
