import { option } from "../../core/options/spelling.ts";
import type { GivenOptions } from "../options/meaning.ts";
import type { TrainOptionName, TrainOptions } from "../options/table.ts";
import { checked } from "./check.ts";
import type { ConfigFile } from "./config_file.ts";
import { trainOptionsSchema } from "./schema.ts";

/** Choices that belong together: a caller who gives one discards the file's others. */
const families: readonly (readonly TrainOptionName[])[] = [
  ["steps", "epochs"],
  ["solver", "rtol", "atol", "solverSteps"],
  ["trace", "probes"],
  ["schedule", "lrHorizon"],
];

/**
 * The options of a file, overridden by a caller's; each valid by itself.
 *
 * @throws {InputError} If a value is not valid.
 */
export function mergeOptions(file: ConfigFile | null, overriding: TrainOptions): GivenOptions {
  const own: TrainOptions = checked(
    trainOptionsSchema,
    withoutUndefined(overriding),
    (key) => option(key),
  );
  const fromFile: { -readonly [Name in TrainOptionName]?: TrainOptions[Name] } = {
    ...file?.options,
  };
  for (const family of families) {
    // The first of a family decides which others mean anything; steps and epochs exclude each other.
    const decides = family[0] === "steps" ? family : [family[0]!];
    if (decides.some((name) => own[name] !== undefined)) {
      for (const name of family) delete fromFile[name];
    }
  }
  const options = { ...fromFile, ...own };
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
