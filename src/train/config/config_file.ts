import type * as v from "valibot";
import { InputError } from "../../core/errors.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import { named, quotedJson } from "../../core/quoted.ts";
import { namedNetwork } from "../../nn/named_networks.ts";
import type { TrainOptions } from "../options/table.ts";
import { checked } from "./check.ts";
import { jsonFault } from "./json_fault.ts";
import { configFileSchema, RUN_FORMAT } from "./schema.ts";

/** A parsed config file. */
export interface ConfigFile {
  /** The file's name, for messages. */
  readonly place: string;
  /** Its options, validated individually. */
  readonly options: TrainOptions;
}

/**
 * Parses the text of a config file.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If it is not JSON, or has an unknown key or an invalid value.
 */
export function parseConfigFile(text: string, place: string): ConfigFile {
  const {
    $schema: _schema,
    format: _format,
    network,
    kept: _kept,
    dropped: _dropped,
    dataFile: _dataFile,
    testFile: _testFile,
    flowValues,
    backendChoice: _backendChoice,
    standardization: _standardization,
    ...options
  } = parseConfigJson(text, place);
  if (flowValues !== undefined) {
    throw new InputError(
      `${place}: flowValues ${quotedJson(flowValues)}: these values belong to the program that ` +
        "trained it and cannot be read from a file; remove them to train with the defaults",
    );
  }
  if (network !== undefined && namedNetwork(network.kind) === undefined) {
    throw new InputError(
      `${place}: network: kind ${named(network.kind)} belongs to the program that trained it ` +
        "and cannot be read from a file; remove it to train one of Fluxion's networks",
    );
  }
  return { place, options };
}

/** Like {@link parseConfigFile}, but also returns the additional fields of a run's `config.json`. */
export function parseConfigJson(
  text: string,
  place: string,
): v.InferOutput<typeof configFileSchema> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new InputError(`${place}: not JSON: ${jsonFault(text, (error as Error).message)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(
      `${place}: expected an object of options; found ${quotedJson(value, 40)}`,
    );
  }
  requireKnownFormat((value as { readonly format?: unknown }).format, place);
  return checked(configFileSchema, value, (key) => `${place}: ${named(key)}`);
}

/** Says first that a file is of a later version: its keys may be unknown too. */
function requireKnownFormat(format: unknown, place: string): void {
  if (typeof format !== "number" || format <= RUN_FORMAT) return;
  throw new InputError(
    `${place}: format ${format}: a later version of Fluxion wrote it, this one reads format ` +
      `${RUN_FORMAT}; update Fluxion`,
  );
}
