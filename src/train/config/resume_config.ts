import { InputError } from "../../core/errors.ts";
import type { TrainOptionDeclaration } from "../options/declaration.ts";
import { requireApplicable, requireOneOfEach } from "../options/applicability.ts";
import {
  type NamedConfig,
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "../options/table.ts";
import type { ConfigFile } from "./config_file.ts";
import { mergeOptions } from "./given_options.ts";

/** Options without a default, and what a run was that started without them. */
const startedWithout: readonly (readonly [TrainOptionName, string])[] = [
  ["init", "the run started from random weights"],
  ["columns", "the run was started without it"],
  ["drop", "the run was trained on all columns"],
  ["dropMissing", "the run was started without it"],
  ["header", "the run was started without it"],
  ["split", "the run was started without it"],
  ["testData", "the run was started without it"],
  ["log", "the run was started without it"],
  ["dequantize", "the run was started without it"],
  ["categorical", "the run was started without it"],
  ["validation", "the run has no validation rows"],
  ["patience", "the run has no validation rows"],
  ["prefix", "the run started without it"],
  ["portableBits", "the run started without it"],
];

function isAsked(value: TrainOptions[TrainOptionName]): boolean {
  return value !== undefined && value !== false && value !== 0;
}

/** Whether an option may change when a run is resumed. */
function isAlwaysFree(name: TrainOptionName): boolean {
  const { freeOnResume }: TrainOptionDeclaration = trainOptions[name];
  return freeOnResume === true;
}

/**
 * Resolves the config of a resumed run: the stored one, updated by the options that do not change
 * the mathematics. `train` checks that `steps` or `epochs` do not decrease.
 *
 * @param movable Options naming files that may have moved: the caller knows their content.
 * @throws {InputError} If an option that changes the mathematics differs.
 */
export function resumeConfig(
  stored: NamedConfig,
  file: ConfigFile | null = null,
  overriding: TrainOptions = {},
  movable: readonly TrainOptionName[] = [],
): NamedConfig {
  const isFree = (name: TrainOptionName) => movable.includes(name) || isAlwaysFree(name);
  const given = mergeOptions(file, overriding);
  const { options, named } = given;
  const differs = trainOptionNames.find((name) =>
    options[name] !== undefined && !isFree(name) && stored[name] !== undefined &&
    String(options[name]) !== String(stored[name]) &&
    !(name === "standardize" && options[name] === "auto")
  );
  if (differs !== undefined) {
    throw new InputError(
      `${named(differs)}: the run has ${differs} ${stored[differs]}, and a resumed run keeps its ` +
        "mathematics; leave it out, or start a new run",
    );
  }
  requireApplicable(given, stored);
  const remedy = "leave it out, or start a new run";
  for (const [name, without] of startedWithout) {
    if (isAsked(options[name]) && stored[name] === undefined) {
      throw new InputError(`${named(name)}: ${without}; ${remedy}`);
    }
  }
  requireOneOfEach(given);
  const { steps, epochs } = options;
  const config = trainOptionNames.map((name) => {
    const isReplaced = name === "steps" && epochs !== undefined ||
      name === "epochs" && steps !== undefined;
    const value = isFree(name) ? options[name] ?? stored[name] : stored[name];
    return [name, isReplaced ? undefined : value];
  });
  return Object.fromEntries(config.filter(([, value]) => value !== undefined));
}
