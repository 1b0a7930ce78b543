import { InputError } from "../../core/errors.ts";
import type { TrainOptionDeclaration } from "../options/declaration.ts";
import { requireApplicable, requireOneLength } from "../options/applicability.ts";
import {
  type NamedConfig,
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "../options/table.ts";
import type { ConfigFile } from "./config_file.ts";
import { mergeOptions } from "./given_options.ts";

/** Whether an option may change when a run is resumed. */
function isFree(name: TrainOptionName): boolean {
  const { freeOnResume }: TrainOptionDeclaration = trainOptions[name];
  return freeOnResume === true;
}

/**
 * Resolves the config of a resumed run: the stored one, updated by the options that do not change
 * the mathematics. `train` checks that `steps` or `epochs` do not decrease.
 *
 * @throws {InputError} If an option that changes the mathematics differs.
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
  requireApplicable(given, stored);
  const remedy = "leave it out, or start a new run";
  if (options.init !== undefined && stored.init === undefined) {
    throw new InputError(`${named("init")}: the run started from random weights; ${remedy}`);
  }
  if (options.drop !== undefined && stored.drop === undefined) {
    throw new InputError(`${named("drop")}: the run was trained on all columns; ${remedy}`);
  }
  if (options.validation && stored.validation === undefined) {
    throw new InputError(`${named("validation")}: the run has no validation rows; ${remedy}`);
  }
  if (options.patience !== undefined && stored.patience === undefined) {
    throw new InputError(`${named("patience")}: the run has no validation rows; ${remedy}`);
  }
  if (options.prefix !== undefined && stored.prefix === undefined) {
    throw new InputError(`${named("prefix")}: the run started without it; ${remedy}`);
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
