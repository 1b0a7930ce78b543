import { option } from "../../core/options/spelling.ts";
import type { GivenOptions } from "../options/applicability.ts";
import type { TrainOptionDeclaration } from "../options/declaration.ts";
import { type TrainOptionName, type TrainOptions, trainOptions } from "../options/table.ts";
import { checked } from "./check.ts";
import type { ConfigFile } from "./config_file.ts";
import { trainOptionsSchema } from "./schema.ts";

/**
 * Merges the options of a file with the caller's, which take precedence. Values are validated
 * individually.
 *
 * @throws {InputError} If a value is invalid.
 */
export function mergeOptions(file: ConfigFile | null, overriding: TrainOptions): GivenOptions {
  const own: TrainOptions = checked(
    trainOptionsSchema,
    withoutUndefined(overriding),
    (key) => option(key),
  );
  const kept = Object.entries(file?.options ?? {}).filter(([name]) => {
    const { discardedBy }: TrainOptionDeclaration = trainOptions[name as TrainOptionName];
    return discardedBy === undefined || own[discardedBy as TrainOptionName] === undefined;
  });
  const options = { ...Object.fromEntries(kept), ...own };
  return {
    options,
    named: (name) =>
      own[name] === undefined && file !== null
        ? `${file.place}: ${name} ${options[name]}`
        : option(name, options[name]),
  };
}

function withoutUndefined(options: TrainOptions): TrainOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
