import { InputError } from "../../core/errors.ts";
import type { ModelName } from "../options/declaration.ts";
import { defaultDataOf, defaultsOf, netOfData, requireNetOf } from "../options/defaults.ts";
import {
  type Chosen,
  requireApplicable,
  requireOneOfEach,
  whyInapplicable,
} from "../options/applicability.ts";
import { type NamedConfig, trainOptionNames, type TrainOptions } from "../options/table.ts";
import type { ConfigFile } from "./config_file.ts";
import { mergeOptions } from "./given_options.ts";

/**
 * Resolves the config of a new run: options of a file, overridden by the caller's, completed by the
 * defaults of the model and its network.
 *
 * @throws {InputError} If a value is invalid, or an option does not apply to the other choices.
 */
export function resolveConfig(
  model: ModelName,
  file: ConfigFile | null = null,
  overriding: TrainOptions = {},
): NamedConfig {
  const given = mergeOptions(file, overriding);
  const { options } = given;
  if (options.model !== undefined && options.model !== model) {
    throw new InputError(
      `${given.named("model")}: this is train ${model}; run train ${options.model}`,
    );
  }
  requireOneOfEach(given);
  const data = options.data ?? defaultDataOf(model, options.net);
  const net = options.net ?? netOfData(data);
  requireNetOf(model, net, data);
  const { steps, epochs, ...defaults } = defaultsOf(model, net);
  const isLengthGiven = options.steps !== undefined || options.epochs !== undefined;
  const length = isLengthGiven ? {} : { steps, epochs };
  const all: TrainOptions = { ...defaults, ...length, ...options, model, data, net };
  const { schedule, solver, trace } = all;
  const chosen: Chosen = { model, net, schedule, solver, trace };
  requireApplicable(given, chosen);
  const config = trainOptionNames
    .filter((name) => all[name] !== undefined && whyInapplicable(name, chosen) === null)
    .map((name) => [name, all[name]]);
  return Object.fromEntries(config);
}
