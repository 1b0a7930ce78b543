import type { DataIdentity } from "../../data/dataset.ts";

import type { DataOptions } from "../../data/registry.ts";
import { shippedFiles } from "../../data/models/shipped_models.ts";
import type { ColumnChoice, DroppedColumn, TableColumn } from "../../data/tables/columns.ts";
import type { FlowModel } from "../../flows/model.ts";
import { linearPath } from "../../flows/paths/linear_path.ts";
import { standardNormal } from "../../flows/sources/standard_normal.ts";
import { dataWidth, type Standardization } from "../../flows/standardization.ts";
import { type ColumnKind, isSameKind } from "../../data/tables/kinds/column_kind.ts";
import { Parameters } from "../../core/parameters.ts";
import {
  isImageNetwork,
  isSameRecord,
  type Network,
  type NetworkRecord,
  networkRecord,
} from "../../nn/network.ts";
import {
  flowValueKeys,
  type FlowValueNames,
  type FlowValues,
  requireFlowValues,
  requireSameValues,
} from "../config/flow_values.ts";
import { resolveConfigOf } from "../config/own_network.ts";
import { createNetwork } from "../../nn/registry.ts";
import { readBounded } from "../../core/files/bounded_file.ts";
import { requireOwnFile } from "../../core/files/own_file.ts";
import { systemWords } from "../../core/files/system_fault.ts";
import { commandLine } from "../../core/command_line.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { quotedJson } from "../../core/quoted.ts";
import { type Checkpoint, chosenWeights, decodeCheckpoint } from "./checkpoint.ts";
import type { BackendChoice } from "../backend_choice/backend_choice.ts";
import { parseConfigJson } from "../config/config_file.ts";
import { requireScalesOf } from "../config/standardization.ts";
import type { TrainConfig } from "../options/table.ts";
import { RUN_FORMAT } from "../config/schema.ts";
import { maxRunFileBytes, runFile } from "./run_folder.ts";
import { readSafetensorsBytes } from "../weights/safetensors.ts";
import { decodeStateDict, stateDictWeights } from "../weights/state_dict.ts";

/** Contents of a run's `config.json`. */
export interface RunConfig {
  /** All options, resolved. */
  readonly config: TrainConfig;
  /** The velocity network and its sizes. */
  readonly network: Network;
  /** Standardisation of its points; null if it trains on raw values. */
  readonly standardization: Standardization | null;
  /**
   * The columns of its data file, one per dimension; null if its data are from no file, or the run
   * is an imported or an older one.
   */
  readonly columns: readonly TableColumn[] | null;
  /** Columns of its data file that it leaves out. */
  readonly dropped: readonly DroppedColumn[];
  /** The content of its data file; null if it has none, or the run is an imported or an older one. */
  readonly dataFile: DataIdentity | null;
  /** The content of its file of test rows; null if it has none. */
  readonly testFile: DataIdentity | null;
  /** Names of the values that the training program passed; empty if all were defaults. */
  readonly flowValues: FlowValueNames;
  /** What backend `auto` measured when the run began; absent if it measured nothing. */
  readonly backendChoice?: BackendChoice | undefined;
}

/**
 * `best`: those with the lowest validation loss. `ema`: the last ones, averaged if the run keeps an
 * average. `raw`: training's own. By default the best ones if the run has validated, else `ema`.
 */
export type WeightsChoice = "best" | "ema" | "raw";

const weightsChoices: readonly WeightsChoice[] = ["best", "ema", "raw"];

/** A run without its tensors. */
export interface ReadRun extends RunConfig {
  /** The run's folder. */
  readonly path: string;
  /** Training steps done. */
  readonly step: number;
  /** Step after which the weights were kept: of the best ones where they are given, else `step`. */
  readonly weightsStep: number;
  /** Weights, flat, in device order. */
  readonly weights: Float32Array;
}

/** A run whose model is on the current backend; dispose `model.parameters`. */
export interface LoadedRun extends Omit<ReadRun, "weights"> {
  /** Model for sampling and evaluation. */
  readonly model: FlowModel;
}

/** The fields of a run's config that say what of its data it reads. */
export type TableFields = "columns" | "dropped" | "dataFile" | "testFile";

/** Encodes `config.json`. */
export function encodeRunConfig(
  run: RunConfig,
): string {
  const { config, network, standardization, columns, dropped, dataFile, testFile, flowValues } =
    run;
  const { backendChoice } = run;
  const { sigmaMin: _ofDefaultPath, ...ofOwnPath } = config;
  const options = flowValues.path === undefined ? config : ofOwnPath;
  const table = {
    ...(columns === null ? {} : { kept: columns }),
    ...(dropped.length > 0 ? { dropped } : {}),
    ...(dataFile === null ? {} : { dataFile }),
    ...(testFile === null ? {} : { testFile }),
    ...(Object.keys(flowValues).length > 0 ? { flowValues } : {}),
    ...(backendChoice === undefined ? {} : { backendChoice }),
    ...(standardization ? { standardization } : {}),
  };
  return JSON.stringify(
    { format: RUN_FORMAT, ...options, network: networkRecord(network), ...table },
    null,
    2,
  ) + "\n";
}

/** The columns of a file that form the points of a run. */
export function columnsOf(
  { network, standardization, columns, dropped }: Pick<
    RunConfig,
    "network" | "standardization" | "columns" | "dropped"
  >,
): ColumnChoice | undefined {
  return isImageNetwork(network) ? undefined : {
    kind: "ofRun",
    // An imported run knows no names, but what its columns are.
    columns: columns ?? unnamedColumns(standardization?.columns ?? null),
    dropped,
    dims: dataWidth({ network, standardization }),
  };
}

/** The options of `openDataset` for the data of a run. */
export function dataOptionsOf(
  run: Pick<RunConfig, "config" | "network" | "standardization" | "columns" | "dropped">,
): DataOptions {
  const { seed, binarize = true, dropMissing, header, split, testData } = run.config;
  const channels = run.network.image?.channels;
  return {
    seed,
    binarize,
    channels,
    columns: columnsOf(run),
    dropMissing,
    header,
    split,
    testData,
  };
}

/**
 * Reads a run's `config.json`.
 *
 * @param own A custom network, for a run of its kind; by default the registered one.
 * @throws {InputError} If the folder is not a run folder, a later version of Fluxion wrote it, or
 *   its network differs from `own`.
 */
export async function readRunConfig(run: string, own?: Network): Promise<RunConfig> {
  const text = new TextDecoder().decode(await readRunFile(run, "config"));
  return parseRunConfig(text, runFile(run, "config"), own);
}

function parseRunConfig(text: string, path: string, own?: Network): RunConfig {
  const {
    $schema: _schema,
    format: _format,
    network: record,
    kept: columns = null,
    dropped = [],
    dataFile = null,
    testFile = null,
    flowValues = {},
    backendChoice,
    standardization = null,
    ...options
  } = parseConfigJson(text, path);
  if (record === undefined || options.model === undefined) {
    throw new InputError(`${path}: not a run's config: it has no network; name a run's folder`);
  }
  const network = own === undefined ? createNetwork(record, path) : requireSame(own, record, path);
  requireScalesOf(network, standardization, path);
  // Runs from before these options trained on raw values, and on the likelihood alone.
  const whole: typeof options = {
    ...(isImageNetwork(network) ? {} : { standardize: "none" }),
    ...(options.model === "cnf" ? { regularize: "none" } : {}),
    ...options,
  };
  const { standardize } = whole;
  if ((standardization?.kind ?? "none") !== (standardize ?? "none")) {
    throw new InputError(
      `${path}: standardize is ${standardize}, and the scales of its columns are ` +
        `${
          standardization === null ? "missing" : standardization.kind
        }; the file was edited by hand`,
    );
  }
  const config = resolveConfigOf(network, options.model, { file: { place: path, options: whole } });
  requireColumnsOf({ network, standardization }, columns, path);
  const ofTable = { columns, dropped, dataFile, testFile };
  return { config, network, standardization, ...ofTable, flowValues, backendChoice };
}

function unnamedColumns(kinds: readonly ColumnKind[] | null): readonly TableColumn[] | null {
  return kinds && kinds.map((kind, i) => ({ name: null, number: i + 1, ...kind }));
}

/** @throws {InputError} If there is not one column per number of a point, of the model's kind. */
function requireColumnsOf(
  model: Pick<RunConfig, "network" | "standardization">,
  columns: readonly TableColumn[] | null,
  place: string,
): void {
  if (columns === null) return;
  const { network, standardization } = model;
  const width = dataWidth(model);
  if (isImageNetwork(network) || columns.length !== width) {
    const wanted = isImageNetwork(network) ? "images have none" : `points have ${width}`;
    throw new InputError(`${place}: kept has ${columns.length} columns, the network's ${wanted}`);
  }
  const differs = columns.findIndex((column, i) =>
    !isSameKind(column, standardization?.columns?.[i] ?? { kind: "real" })
  );
  if (differs >= 0) {
    throw new InputError(
      `${place}: kept[${differs}] and standardization.columns[${differs}] differ; the file was ` +
        "edited by hand",
    );
  }
}

function requireSame(own: Network, record: NetworkRecord, place: string): Network {
  if (isSameRecord(networkRecord(own), record)) return own;
  throw new InputError(
    `${place}: its network is ${quotedJson(record)}, the one that was given is ` +
      JSON.stringify(networkRecord(own)),
  );
}

/**
 * Reads the config of a model that comes with Fluxion.
 *
 * @throws {InputError} If there is no such model.
 */
export async function readShippedConfig(name: string): Promise<RunConfig> {
  return parseRunConfig((await shippedFiles(name)).config, name);
}

/**
 * Loads a model that comes with Fluxion on the current backend (`openBackend`).
 *
 * @param name One of `shippedModels`.
 * @throws {InputError} If there is no such model.
 */
export async function loadShippedModel(name: string): Promise<LoadedRun> {
  const files = await shippedFiles(name);
  const runConfig = parseRunConfig(files.config, name);
  const stateDict = decodeStateDict(files.weights, name);
  const model = modelOf(runConfig, stateDictWeights(stateDict, runConfig.network));
  const step = stateDict.step ?? 0;
  return { ...runConfig, path: name, step, weightsStep: step, model };
}

/**
 * Reads a run's config and weights.
 *
 * @throws {InputError} If the folder is not a run folder, has no weights yet or none of this choice,
 *   or its weights are of another architecture.
 */
export async function readRun(run: string, choice?: WeightsChoice): Promise<ReadRun> {
  if (choice !== undefined && !weightsChoices.includes(choice)) {
    throw new InputError(
      `weights: expected ${weightsChoices.map((known) => `"${known}"`).join(", ")}, got ${
        quotedJson(choice)
      }`,
    );
  }
  const runConfig = await readRunConfig(run);
  const checkpoint = await readCheckpoint(run, runConfig);
  const { step } = checkpoint;
  return {
    ...runConfig,
    path: run,
    step,
    ...await weightsOf(run, { runConfig, checkpoint, choice }),
  };
}

async function weightsOf(
  run: string,
  { runConfig, checkpoint, choice }: {
    readonly runConfig: RunConfig;
    readonly checkpoint: Checkpoint;
    readonly choice: WeightsChoice | undefined;
  },
): Promise<Pick<ReadRun, "weights" | "weightsStep">> {
  const { step } = checkpoint;
  const best = checkpoint.validation?.best ?? null;
  if (choice === "raw") return { weights: checkpoint.weights, weightsStep: step };
  if (choice === "ema" && best !== null) {
    return { weights: checkpoint.ema ?? checkpoint.weights, weightsStep: step };
  }
  if (choice === "best" && best === null) {
    throw new InputError(
      `${run}: has no best weights, ` +
        (checkpoint.validation === undefined
          ? "since no rows validated"
          : "since it has not come to its first validation") +
        `; leave out ${option("weights", choice)}`,
    );
  }
  const weights = await modelWeights(run, runConfig, checkpoint);
  return { weights, weightsStep: best?.step ?? step };
}

/**
 * Reads the checkpoint of a run.
 *
 * @throws {InputError} If there is no checkpoint, or it is damaged or of another architecture.
 */
export async function readCheckpoint(
  run: string,
  { config, network }: RunConfig,
): Promise<Checkpoint> {
  const bytes = await readRunFile(run, "checkpoint");
  return decoded(
    () => decodeCheckpoint(bytes, runFile(run, "checkpoint"), network),
    remedyOf("checkpoint", run, config),
  );
}

/** Decodes a file of a run, appending a remedy to the message if that fails. */
function decoded<T>(decode: () => T, remedy: string): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof InputError ? withRemedy(error, remedy) : error;
  }
}

function withRemedy(error: InputError, remedy: string): InputError {
  return new InputError(`${error.message}; ${remedy}`, { cause: error });
}

/** Remedy for a damaged file of a run. */
function remedyOf(file: "model" | "checkpoint", run: string, config: TrainConfig): string {
  return file === "model"
    ? `recreate it with ${resumeLine(run, config)}`
    : `restore a copy of it, or remove it and start again with ${resumeLine(run, config)}`;
}

function resumeLine(run: string, { model }: Pick<TrainConfig, "model">): string {
  return commandLine(["train", model, "--resume", "--run", run]);
}

/**
 * The sampling weights from `model.safetensors`, or from the checkpoint if that file is missing or
 * of another step, which happens if a process is killed between writing the two.
 */
async function modelWeights(
  run: string,
  { config, network }: RunConfig,
  checkpoint: Checkpoint,
): Promise<Float32Array> {
  const { step } = checkpoint;
  const path = runFile(run, "model");
  if (await Deno.stat(path).catch(() => null) === null) return chosenWeights(checkpoint);
  const bytes = await readRunFile(run, "model");
  return decoded(() => {
    const stateDict = decodeStateDict(bytes, path);
    if ((stateDict.step ?? step) !== step) return chosenWeights(checkpoint);
    return stateDictWeights(stateDict, network);
  }, remedyOf("model", run, config));
}

/**
 * {@link readRun} with the model on the current backend (`openBackend`).
 *
 * @param values Path and source that the run was trained with, if the program passed them.
 * @throws {InputError} As {@link readRun}, and if the values differ from the run's.
 */
export async function loadRun(
  run: string,
  choice?: WeightsChoice,
  values: Pick<FlowValues, "path" | "source"> = {},
): Promise<LoadedRun> {
  requireFlowValues(values);
  const { weights, ...read } = await readRun(run, choice);
  requireSameValues(read.flowValues, values, { keys: flowValueKeys.model, place: run });
  return { ...read, model: modelOf(read, weights, values) };
}

/**
 * Makes the model of a run on the current backend.
 *
 * @param weights Flat, in device order.
 * @param values Path and source passed by the program; defaults if omitted.
 * @throws {InputError} If the values differ from the run's.
 */
export function modelOf(
  { config, network, standardization, flowValues }: Omit<RunConfig, TableFields>,
  weights: Float32Array,
  values: Pick<FlowValues, "path" | "source"> = {},
): FlowModel {
  requireSameValues(flowValues, values, { keys: flowValueKeys.model, place: "the run" });
  const parameters = Parameters.fromFlat(network.layout, weights);
  const { model: kind, sigmaMin = 0 } = config;
  const { path = linearPath(sigmaMin), source = standardNormal } = values;
  return { kind, network, parameters, path, source, standardization };
}

/**
 * Reads a file of a run.
 *
 * @throws {InputError} If it does not exist or cannot be read.
 */
export async function readRunFile(
  run: string,
  file: "config" | "model" | "checkpoint",
): Promise<Uint8Array> {
  const path = runFile(run, file);
  try {
    await requireOwnFile(path);
    return file === "config"
      ? await readBounded(path, maxRunFileBytes.config)
      : await readSafetensorsBytes(path, maxRunFileBytes[file]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      if (file === "config") {
        throw new InputError(`${run}: not a run folder: there is no ${path}`);
      }
      const { config } = await readRunConfig(run);
      throw new InputError(
        `${run}: has no weights yet: there is no ${path}; finish it with ${
          resumeLine(run, config)
        }`,
      );
    }
    if (
      error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.IsADirectory
    ) {
      throw new InputError(`${path}: cannot be read (${systemWords(error)})`);
    }
    if (error instanceof InputError && file !== "config") {
      throw withRemedy(error, remedyOf(file, run, (await readRunConfig(run)).config));
    }
    throw error;
  }
}
