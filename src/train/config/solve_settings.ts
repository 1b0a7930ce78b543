import type { SolveSettings, TraceSettings } from "../../flows/model.ts";
import type { GradientMethod } from "../../ode/engines/engine.ts";
import { tableaus } from "../../ode/tableaus.ts";
import type { TrainConfig } from "../options/table.ts";

/** How a run solves: a CNF in training, flow matching where it draws samples. */
export function solveSettingsOf(config: TrainConfig): SolveSettings {
  const { solver, rtol, atol, solverSteps, controlGroup, maxSteps } = config;
  return {
    tableau: tableaus[solver]!,
    control: solverSteps === undefined
      ? { kind: "adaptive", rtol: rtol!, atol: atol! }
      : { kind: "fixed", steps: solverSteps },
    controlGroup,
    maxSteps,
  };
}

/** How a CNF finds its divergence; exactly, where the config says nothing. */
export function traceOf({ trace, probes }: TrainConfig): TraceSettings {
  return trace === "hutchinson" ? { kind: "hutchinson", distribution: probes! } : { kind: "exact" };
}

/** Tolerance of the adjoint solve where the forward one takes fixed steps and has none. */
const ADJOINT_TOLERANCE = 1e-5;

/** How a CNF's gradient is found; the adjoint ODE is solved to the tolerances of the solve itself. */
export function gradientOf({ gradient, rtol, atol }: TrainConfig): GradientMethod {
  return gradient === "adjoint"
    ? { kind: "adjoint", rtol: rtol ?? ADJOINT_TOLERANCE, atol: atol ?? ADJOINT_TOLERANCE }
    : { kind: "direct" };
}
