import { initialWeights } from "../../../../src/train/weights/initial_weights.ts";
import { type Checkpoint, firstCheckpoint } from "../../../../src/train/run/checkpoint.ts";
import {
  type DatasetOpener,
  planRun,
  type TrainingPlan,
} from "../../../../src/train/training_plan.ts";
import type { TrainOptions } from "../../../../src/train/options/table.ts";
import { openSmall, smallPoints, smallRuns } from "../../support/runs.ts";

const { model, ...small } = smallRuns.cnf;

/** A run of the likelihood alone, eight wide: the shaders of other tests. */
export const likelihood: TrainOptions = {
  ...{ ...small, hidden: 8, trace: "exact", steps: 1000, evalEvery: 0, regularize: "none" },
};

/** The plan of such a run. */
export async function planOf(
  options: TrainOptions,
  openDataset: DatasetOpener = openSmall,
): Promise<TrainingPlan> {
  return await planRun({
    ...{ model, values: {}, configFile: null, openDataset },
    options: { ...likelihood, ...options },
  });
}

/** Small points, so large that the square of one is infinite in float32. */
export const openLarge: DatasetOpener = () => {
  const data = smallPoints();
  const points = data.train.points.map((value) => 1e25 * value);
  return Promise.resolve({ ...data, train: { ...data.train, points } });
};

/** The begin of a run whose weights are `scale` times as large. */
export async function startOf({ config, network }: TrainingPlan, scale = 1): Promise<Checkpoint> {
  const weights = await initialWeights(config.init, { network, seed: config.seed });
  return firstCheckpoint(weights.map((weight) => scale * weight), config);
}
