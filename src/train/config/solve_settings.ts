import type { SolveSettings, TraceSettings } from "../../flows/model.ts";
import type { GradientMethod } from "../../ode/engines/engine.ts";
import { tableaus } from "../../ode/tableaus.ts";
import { type EnergyWeights, energyWeights } from "../../core/options/energy_weights.ts";
import type { TrainConfig } from "../options/table.ts";

/** Solver settings of a run: of training for a CNF, of sampling for flow matching. */
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

/** Trace method of a CNF; exact if the config has none. */
export function traceOf({ trace, probes }: TrainConfig): TraceSettings {
  return trace === "hutchinson" ? { kind: "hutchinson", distribution: probes! } : { kind: "exact" };
}

/** Weights of what a CNF's training penalises besides the likelihood; null if nothing. */
export function regularizationOf({ regularize }: TrainConfig): EnergyWeights | null {
  const weights = regularize === undefined ? null : energyWeights(regularize);
  if (weights === null) return null;
  const { kinetic, jacobian, steps = 0 } = weights;
  return kinetic + jacobian + steps === 0 ? null : weights;
}

/** Tolerance of the adjoint solve if the forward solve uses fixed steps. */
const ADJOINT_TOLERANCE = 1e-5;

/** Gradient method of a CNF; the adjoint solve has the tolerances of the forward solve. */
export function gradientOf({ gradient, rtol, atol }: TrainConfig): GradientMethod {
  return gradient === "adjoint"
    ? { kind: "adjoint", rtol: rtol ?? ADJOINT_TOLERANCE, atol: atol ?? ADJOINT_TOLERANCE }
    : { kind: "direct" };
}
