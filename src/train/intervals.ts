import { type Dataset, isTable } from "../data/dataset.ts";
import { datasetNames } from "../data/dataset_names.ts";
import type { TrainConfig, TrainOptions } from "./options/table.ts";

/** Largest default number of evaluations and of pictures in a run of other than built-in data. */
const MOST = { evalEvery: 60, sampleEvery: 20 } as const;

/** Least default number of steps between them on a table: an evaluation may take as long as ten steps. */
const FEWEST_STEPS = 25;

/** Least number of steps between validations. */
const VALIDATION_STEPS = 10;

/** Steps between events that are due every `epochs` epochs; 0: only at the end. */
export function intervalSteps(epochs: number, stepsPerEpoch: number): number {
  return epochs === 0 ? 0 : Math.max(1, Math.round(epochs * stepsPerEpoch));
}

/** Steps between validations: those of evaluations, or a multiple that is at least ten steps. */
export function validationSteps(evalEvery: number, stepsPerEpoch: number): number {
  const steps = intervalSteps(evalEvery, stepsPerEpoch);
  return steps === 0 ? 0 : Math.ceil(VALIDATION_STEPS / steps) * steps;
}

/**
 * Epochs between evaluations and between pictures of a new run, where the options do not say.
 *
 * An epoch of a small table is a few steps, one of a large file may be the whole run, so for files of
 * points the defaults are counted in the run: 60 evaluations and 20 pictures, at most one picture an
 * epoch. Other data have the defaults of their network; at most that many, unless they are built in.
 * Where the network's default is 0, only at the end, it is so for all data.
 */
export function defaultIntervals(
  { evalEvery, sampleEvery, data }: TrainConfig,
  { dataset, stepsPerEpoch, steps, given }: {
    readonly dataset: Dataset;
    readonly stepsPerEpoch: number;
    readonly steps: number;
    readonly given: TrainOptions;
  },
): Pick<TrainConfig, "evalEvery" | "sampleEvery"> {
  if (datasetNames.includes(data)) return { evalEvery, sampleEvery };
  const isFile = isTable(dataset);
  const epochs = (key: keyof typeof MOST) => {
    const between = Math.max(isFile ? FEWEST_STEPS : 1, Math.ceil(steps / MOST[key]));
    const whole = Math.ceil(between / stepsPerEpoch);
    return key === "evalEvery" && isFile && between < stepsPerEpoch
      ? between / stepsPerEpoch
      : whole;
  };
  const chosen = (key: keyof typeof MOST, usual: number) =>
    given[key] ?? (usual === 0 ? 0 : isFile ? epochs(key) : Math.max(usual, epochs(key)));
  return {
    evalEvery: chosen("evalEvery", evalEvery),
    sampleEvery: chosen("sampleEvery", sampleEvery),
  };
}
