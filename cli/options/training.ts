import {
  concerns,
  defaultWordsOf,
  type ModelName,
  type TrainOptionDeclaration,
  trainOptionNames,
  trainOptions,
} from "@fluxion/fluxion/options";
import type { CommandOption } from "./option.ts";

/** The options of `train`: those of the table that no command stands for. */
type TrainingOptions = Omit<typeof trainOptions, "model">;

/** In the order of help. */
const groups = ["data", "network", "optimizer", "solve", "intervals", "random", "device"] as const;

/**
 * The options of `train MODEL`, each with its default in words. None has a value unless it was
 * typed: what is left out, the config decides.
 */
export function trainingOptions(model: ModelName): TrainingOptions {
  const declared = trainOptionNames.map((name) => {
    const option: TrainOptionDeclaration = trainOptions[name];
    const { group, inFilesOnly } = option;
    return { name, group, inFilesOnly, option: commandOption(name, model) };
  }).filter(({ inFilesOnly }) => !inFilesOnly);
  const sorted = groups.flatMap((group) => declared.filter((each) => each.group === group));
  return Object.fromEntries(
    sorted.map(({ name, option }) => [name, option]),
  ) as unknown as TrainingOptions;
}

function commandOption(name: keyof typeof trainOptions, model: ModelName): CommandOption {
  const defaultWords = defaultWordsOf(name, model);
  return {
    ...trainOptions[name],
    ...(defaultWords === null ? {} : { defaultWords }),
    ...(concerns(name, model) ? {} : { hidden: true }),
    ...(name === "data" ? { completes: "datasets" } : {}),
  };
}
