import type * as v from "valibot";
import { InputError } from "../../core/errors.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import { named, quotedJson } from "../../core/quoted.ts";
import { namedNetwork } from "../../nn/named_networks.ts";
import type { TrainOptions } from "../options/table.ts";
import { checked } from "./check.ts";
import { configFileSchema } from "./schema.ts";

/** A config file that was read and whose values are each valid by themselves. */
export interface ConfigFile {
  /** For messages: the file's name. */
  readonly place: string;
  /** Each valid by itself. */
  readonly options: TrainOptions;
}

/**
 * Reads a config file's text.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If it is not JSON, has an unknown key or a value that no model takes.
 */
export function parseConfigFile(text: string, place: string): ConfigFile {
  const {
    $schema: _schema,
    format: _format,
    network,
    dropped: _dropped,
    flowValues,
    standardization: _standardization,
    ...options
  } = parseConfigJson(text, place);
  if (flowValues !== undefined) {
    throw new InputError(
      `${place}: flowValues ${quotedJson(flowValues)}: are values of the program that trained ` +
        "it, which a file cannot hold; leave them out to train with the defaults",
    );
  }
  if (network !== undefined && namedNetwork(network.kind) === undefined) {
    throw new InputError(
      `${place}: network: kind ${named(network.kind)} is of the program that trained it, which a ` +
        "file cannot hold; leave it out to train one of Fluxion's networks",
    );
  }
  return { place, options };
}

/** As {@link parseConfigFile}, with what a run's own `config.json` holds beside the options. */
export function parseConfigJson(
  text: string,
  place: string,
): v.InferOutput<typeof configFileSchema> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new InputError(`${place}: not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(
      `${place}: expected an object of options; found ${quotedJson(value, 40)}`,
    );
  }
  return checked(configFileSchema, value, (key) => `${place}: ${named(key)}`);
}
