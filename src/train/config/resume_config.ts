import { InputError } from "../../core/errors.ts";
import type { TrainOptionDeclaration } from "../options/declaration.ts";
import { requireMeaning, requireOneLength } from "../options/meaning.ts";
import {
  type NamedConfig,
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "../options/table.ts";
import type { ConfigFile } from "./config_file.ts";
import { mergeOptions } from "./given_options.ts";

/** Whether an option may differ from one session of a run to the next. */
function isFree(name: TrainOptionName): boolean {
  const { freeOnResume }: TrainOptionDeclaration = trainOptions[name];
  return freeOnResume === true;
}

/**
 * The config of a run that continues: what was stored, with the options that do
 * not change the mathematics replaced. That `steps` or `epochs` only grow is
 * checked where their number is known, in `train`.
 *
 * @throws {InputError} If an option differs that changes the mathematics.
 */
export function resumeConfig(
  stored: NamedConfig,
  file: ConfigFile | null = null,
  overriding: TrainOptions = {},
): NamedConfig {
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
  requireMeaning(given, stored);
  const remedy = "leave it out, or start a new run";
  if (options.init !== undefined && stored.init === undefined) {
    throw new InputError(`${named("init")}: the run started from random weights; ${remedy}`);
  }
  if (options.drop !== undefined && stored.drop === undefined) {
    throw new InputError(`${named("drop")}: the run learnt all columns; ${remedy}`);
  }
  if (options.portableBits && stored.portableBits === undefined) {
    throw new InputError(`${named("portableBits")}: the run started without it; ${remedy}`);
  }
  requireOneLength(given);
  const { steps, epochs } = options;
  const config = trainOptionNames.map((name) => {
    const isReplaced = name === "steps" && epochs !== undefined ||
      name === "epochs" && steps !== undefined;
    const value = isFree(name) ? options[name] ?? stored[name] : stored[name];
    return [name, isReplaced ? undefined : value];
  });
  return Object.fromEntries(config.filter(([, value]) => value !== undefined));
}
