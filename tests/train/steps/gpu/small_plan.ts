import { initialWeights } from "../../../../src/train/weights/initial_weights.ts";
import { type Checkpoint, firstCheckpoint } from "../../../../src/train/run/checkpoint.ts";
import { planRun, type TrainingPlan } from "../../../../src/train/training_plan.ts";
import type { TrainOptions } from "../../../../src/train/options/table.ts";
import { openSmall, smallRuns } from "../../support/runs.ts";

const { model, ...small } = smallRuns.cnf;

/** A run of the likelihood alone, eight wide: the shaders of other tests. */
export const likelihood: TrainOptions = {
  ...{ ...small, hidden: 8, trace: "exact", steps: 1000, evalEvery: 0, regularize: "none" },
};

/** The plan of such a run. */
export async function planOf(options: TrainOptions): Promise<TrainingPlan> {
  return await planRun({
    ...{ model, values: {}, configFile: null, openDataset: openSmall },
    options: { ...likelihood, ...options },
  });
}

/** The begin of a run whose weights are `scale` times as large. */
export async function startOf({ config, network }: TrainingPlan, scale = 1): Promise<Checkpoint> {
  const weights = await initialWeights(config.init, { network, seed: config.seed });
  return firstCheckpoint(weights.map((weight) => scale * weight), config);
}
