import type { CnfLossSettings } from "../flows/likelihood_problem.ts";
import { likelihoodLoss } from "../flows/losses/cnf_loss.ts";
import { flowMatchingLoss } from "../flows/losses/fm_loss.ts";
import type { Loss } from "../flows/losses/loss.ts";
import type { Engines } from "../ode/engines/engines.ts";
import { gradientOf, regularizationOf, solveSettingsOf, traceOf } from "./config/solve_settings.ts";
import type { TrainConfig } from "./options/table.ts";
import type { TrainingPlan } from "./training_plan.ts";

/** Settings of a CNF's loss. */
export function likelihoodSettings(config: TrainConfig): CnfLossSettings {
  return {
    ...solveSettingsOf(config),
    trace: traceOf(config),
    gradient: gradientOf(config),
    regularization: regularizationOf(config),
  };
}

/** The loss that a run minimises. */
export function trainingLoss(
  { config, values }: Pick<TrainingPlan, "config" | "values">,
  engines: Engines,
): Loss {
  switch (config.model) {
    case "cnf":
      return likelihoodLoss(engines, likelihoodSettings(config));
    case "fm":
      return flowMatchingLoss(values);
    default:
      return config.model satisfies never;
  }
}
