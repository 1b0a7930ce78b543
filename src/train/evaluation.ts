import type { Dataset } from "../data/dataset.ts";
import { fmLoss, fusedFmLoss, fusedFmLossFits } from "../flows/losses/fm_loss.ts";
import { logProb } from "../flows/log_prob.ts";
import {
  accurateSolve,
  type FlowKind,
  type FlowModel,
  type SolveSettings,
} from "../flows/model.ts";
import type { PointValues } from "../flows/standardization.ts";
import type { RegressionCache } from "../flows/regression/regression_losses.ts";
import type { Engines } from "../ode/engines/engines.ts";
import { readRows } from "./batches.ts";
import type { TrainConfig } from "./options/table.ts";
import type { FlowValues } from "./config/flow_values.ts";
import { simdChoice } from "../threads/simd_module.ts";
import type { TrainingWay } from "./steps/trainer.ts";
import { traceOf } from "./config/solve_settings.ts";

/** Rows evaluated during training: enough for a useful curve, few enough to be fast. */
const EVALUATION_ROWS = { cnf: 500, fm: 1000 } as const;

/** Number of test rows that {@link testLoss} is over: the first ones. */
export function testRows(kind: FlowKind, { test }: Dataset): number {
  return Math.min(test.count, EVALUATION_ROWS[kind]);
}

/** What the evaluations of a run share, apart from the weights. */
export interface EvaluationContext {
  readonly config: TrainConfig;
  readonly dataset: Dataset;
  readonly values: FlowValues;
  readonly way: TrainingWay;
  /** Of the run's evaluations. */
  readonly kept: RegressionCache;
}

/**
 * Loss over the first test rows, 500 for a CNF and 1,000 for flow matching.
 *
 * CNF: negative log-likelihood in nats, solved at 1e-5 whatever the training solver. Flow matching:
 * the training loss with the same draws at every evaluation.
 *
 * @returns null if there are no test rows.
 * @throws {FailureError} If a solve fails.
 */
export async function testLoss(
  model: FlowModel,
  engines: Engines,
  { config, dataset, values, way, kept }: EvaluationContext,
): Promise<number | null> {
  const count = testRows(model.kind, dataset);
  if (count === 0) return null;
  const rows = readRows(dataset, "test", Array.from({ length: count }, (_, i) => i));
  return await meanLoss(model, engines, {
    ...{ rows, config, values, way },
    kept: { regressions: kept, name: "test rows" },
    settings: accurateSolve,
  });
}

/**
 * Loss over rows: the negative log-likelihood of a CNF in nats, in the data's units; the training loss
 * of flow matching, with the same draws for the same rows.
 *
 * @param over.rows In the data's units.
 * @param over.way How the model is trained: so its loss is computed, if it is flow matching's.
 * @param over.kept Where the draws of flow matching are kept, and the name of the rows.
 * @param over.settings Of a CNF's solve, apart from the run's control group.
 * @throws {FailureError} If a solve fails.
 */
export async function meanLoss(
  model: FlowModel,
  engines: Engines,
  { rows, config, values, way, kept, settings }: Omit<EvaluationContext, "dataset" | "kept"> & {
    readonly rows: PointValues;
    readonly kept: { readonly regressions: RegressionCache; readonly name: string };
    readonly settings: SolveSettings;
  },
): Promise<number> {
  const { seed, controlGroup } = config;
  if (model.kind === "fm") {
    const { coupling, times } = values;
    const { fused } = model.network;
    const options = { seed, coupling, times };
    const isFused = way === "fused" && fused?.kind === "mlp" &&
      fusedFmLossFits(model, fused.hidden);
    if (!isFused) return (await fmLoss(model, rows, options)).loss;
    const { hidden } = fused;
    const kernels = { hidden, threads: engines.threads, build: simdChoice(config), kept };
    return (await fusedFmLoss(model, rows, { ...options, fused: kernels })).loss;
  }
  const { logProb: nats } = await logProb(model, engines, rows, {
    settings: { ...settings, controlGroup },
    trace: traceOf(config),
    seed,
  });
  return -nats.reduce((sum, value) => sum + value, 0) / nats.length;
}
