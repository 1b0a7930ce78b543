import {
  appliesTo,
  defaultWordsOf,
  type ModelName,
  netsOf,
  type TrainOptionDeclaration,
  trainOptionNames,
  trainOptions,
} from "@fluxion/fluxion/options";
import { type OptionGroup, optionHeadings } from "./groups.ts";
import type { CommandOption } from "./option.ts";

/** The options of `train`: all of the table except `model`, which is the subcommand. */
type TrainingOptions = Omit<typeof trainOptions, "model">;

/** Option groups in the order of the help. */
const groups = Object.keys(optionHeadings) as readonly OptionGroup[];

/**
 * The options of `train MODEL`, with their defaults in words. The parser fills in no defaults: those
 * are resolved with the config.
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
    ...(appliesTo(name, model) ? {} : { hidden: true }),
    ...(name === "data" ? { completes: "datasets" } : {}),
    ...(name === "init" ? { completes: "models" } : {}),
    ...(name === "net" ? netOffer(model) : {}),
  };
}

/** Help of `--net`: the networks that the model can be trained with. */
function netOffer(model: ModelName) {
  const offered = netsOf(model);
  if (offered.length > 1) return { offered };
  const [only] = offered;
  return { offered, defaultWords: `default ${only}` };
}
