import { createNetwork } from "../nn/registry.ts";
import { namedNetworks, type NetName } from "../nn/named_networks.ts";
import type { ColumnChoice } from "../data/tables/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FlowKind } from "../flows/model.ts";
import { type Network, networkRecord } from "../nn/network.ts";
import { InputError } from "../core/errors.ts";
import { named } from "../core/quoted.ts";
import {
  type ConfigFile,
  defaultDataOf,
  isImageNet,
  mergeOptions,
  optionName,
  resolveConfig,
  resumeConfig,
  type TrainConfig,
  type TrainOptions,
} from "./config/config.ts";
import { columnsOf, type RunConfig } from "./run/load_run.ts";
import { chooseStandardization } from "./standardize.ts";

/** Opens a data set by the name in the config. */
export type DatasetOpener = (
  name: string,
  options: {
    readonly seed: number;
    readonly binarize: boolean;
    /** Of a file of points; all of them when left out. */
    readonly columns?: ColumnChoice;
  },
) => Promise<Dataset>;

/** What was asked for. */
export interface TrainRequest {
  readonly model: FlowKind;
  /** Options of a config file, or null. */
  readonly configFile: ConfigFile | null;
  /** Options that override the file's. */
  readonly options: TrainOptions;
  readonly openDataset: DatasetOpener;
}

/** A run as far as it is decided before anything is computed. */
export interface TrainingPlan extends RunConfig {
  readonly dataset: Dataset;
  readonly stepsPerEpoch: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** For people, a line each. */
  readonly remarks: readonly string[];
}

/**
 * Decides a new run: opens its data and resolves its config against them.
 *
 * @throws {InputError} If the options are not valid, or do not fit the data.
 */
export async function planRun(request: TrainRequest): Promise<TrainingPlan> {
  const { model, configFile, options } = request;
  const given = mergeOptions(configFile, options);
  const data = given.data ?? defaultDataOf(model, given.net);
  const { seed = 0, binarize = true } = given;
  const columns = { kind: "drop", drop: given.drop ?? [] } as const;
  const dataset = await request.openDataset(data, { seed, binarize, columns });
  if (given.drop !== undefined && (dataset.kind === "images" || dataset.file === undefined)) {
    throw new InputError(
      `${optionName("drop")} ${named(String(given.drop))}: data ${
        named(data)
      } is no table of a file; ` +
        "leave it out",
    );
  }
  requireNet(given.net, dataset, data);
  const net = given.net ?? netOf(dataset);
  const { standardization, remarks: scaleRemarks } = await chooseStandardization(dataset, {
    choice: given.standardize ?? "auto",
    init: given.init,
  });
  const standardize: TrainConfig["standardize"] = standardization?.kind ?? "none";
  const wanted = resolveConfig(model, configFile, { ...options, data, net });
  const { batchSize, remarks: batchRemarks } = batchSizeFor(wanted, dataset);
  const config = {
    ...wanted,
    ...intervalsFor({ ...wanted, batchSize }, dataset, given),
    batchSize,
    ...(wanted.standardize === undefined ? {} : { standardize }),
  };
  const plan = {
    ...planOf(config, dataset),
    standardization,
    dropped: dataset.kind === "points" ? dataset.file?.dropped ?? [] : [],
    remarks: [...scaleRemarks, ...batchRemarks],
  };
  const { schedule, lrHorizon = Math.max(1, plan.steps) } = config;
  if (schedule !== "cosine") return plan;
  return { ...plan, config: resolveConfig(model, null, { ...config, lrHorizon }) };
}

/**
 * Decides how a run goes on.
 *
 * @throws {InputError} If an option differs that changes the mathematics, the run would
 *   shrink, or its data are no longer of the kind that it was trained on.
 */
export async function planResumed(stored: RunConfig, request: TrainRequest): Promise<TrainingPlan> {
  const { configFile, options, openDataset } = request;
  // The command that started the run may have asked for larger batches than the table has rows.
  const { batchSize } = stored.config;
  const isLarger = (mergeOptions(configFile, options).batchSize ?? 0) > batchSize;
  const kept = isLarger ? { ...options, batchSize } : options;
  const config = resumeConfig(stored.config, configFile, kept);
  const dataset = await openDataset(config.data, {
    seed: config.seed,
    binarize: config.binarize ?? true,
    columns: columnsOf(stored),
  });
  if (isLarger && dataset.train.count !== batchSize) {
    resumeConfig(stored.config, configFile, options); // throws: the batches were no whole table
  }
  requireNet(config.net, dataset, config.data);
  const { standardization, dropped } = stored;
  const plan = { ...planOf(config, dataset), standardization, dropped, remarks: [] };
  if (JSON.stringify(sorted(plan.network)) !== JSON.stringify(sorted(stored.network))) {
    throw new InputError(
      `data ${named(config.data)}: wants the network ${
        JSON.stringify(networkRecord(plan.network))
      }, the run has ` +
        `${
          JSON.stringify(networkRecord(stored.network))
        }; resume it with the data that it was started with`,
    );
  }
  const storedSteps = stepsOf(stored.config, plan.stepsPerEpoch);
  if (plan.steps < storedSteps) {
    const key = config.steps === undefined ? "epochs" : "steps";
    throw new InputError(
      `${optionName(key)} ${config[key]}: makes ${plan.steps} steps, the run is set for ` +
        `${storedSteps}; a resumed run may grow, not shrink`,
    );
  }
  return plan;
}

function sorted(network: Network): [string, unknown][] {
  return Object.entries(networkRecord(network)).sort(([a], [b]) => a < b ? -1 : 1);
}

/** The network that learns a data set when none is named. */
function netOf(dataset: Dataset): NetName {
  return dataset.kind === "points" ? "mlp" : "unet";
}

function requireNet(net: NetName | undefined, dataset: Dataset, data: string): void {
  if (net !== undefined && isImageNet(net) !== (dataset.kind === "images")) {
    throw new InputError(
      `${optionName("net")} ${net}: data ${named(data)} holds ${dataset.kind}, which take ` +
        `${optionName("net")} ${dataset.kind === "images" ? "unet or resnet" : "mlp"}`,
    );
  }
}

/** Steps between two evaluations, and between two pictures, that pay on a table of few rows. */
const LEAST_STEPS = { evalEvery: 300, sampleEvery: 600 } as const;

/**
 * Epochs between evaluations and between pictures where nobody gave them: an epoch of a small file
 * is a few steps, and to look after each would take most of the time.
 */
function intervalsFor(
  { batchSize, evalEvery, sampleEvery }: TrainConfig,
  dataset: Dataset,
  given: TrainOptions,
): Pick<TrainConfig, "evalEvery" | "sampleEvery"> {
  if (dataset.kind === "images" || dataset.file === undefined) return { evalEvery, sampleEvery };
  const stepsPerEpoch = Math.floor(dataset.train.count / batchSize);
  const atLeast = (key: keyof typeof LEAST_STEPS, epochs: number) =>
    given[key] ?? Math.max(epochs, Math.ceil(LEAST_STEPS[key] / stepsPerEpoch));
  return {
    evalEvery: atLeast("evalEvery", evalEvery),
    sampleEvery: atLeast("sampleEvery", sampleEvery),
  };
}

/** Rows of a step: of a table that is smaller than a batch, all of them. */
function batchSizeFor(
  { batchSize, data }: TrainConfig,
  { train: { count } }: Dataset,
): { readonly batchSize: number; readonly remarks: readonly string[] } {
  if (count === 0) throw new InputError(`data ${named(data)}: has no training rows`);
  if (count >= batchSize) return { batchSize, remarks: [] };
  return {
    batchSize: count,
    remarks: [
      `data ${named(data)}: ${count} training rows are fewer than a batch of ${batchSize}; ` +
      "every step takes them all",
    ],
  };
}

/** What follows from a config and its data alone. */
function planOf(
  config: TrainConfig,
  dataset: Dataset,
): Omit<TrainingPlan, "standardization" | "dropped" | "remarks"> {
  const { count } = dataset.train;
  if (count < config.batchSize) {
    throw new InputError(
      `data ${named(config.data)}: ${count} training rows are fewer than a batch of ` +
        `${config.batchSize}, and a resumed run keeps its batches; give it the data that it was ` +
        "started with",
    );
  }
  const stepsPerEpoch = Math.floor(count / config.batchSize);
  return {
    config,
    dataset,
    network: networkFor(config, dataset),
    stepsPerEpoch,
    steps: stepsOf(config, stepsPerEpoch),
  };
}

function stepsOf({ steps, epochs }: TrainConfig, stepsPerEpoch: number): number {
  return steps ?? epochs! * stepsPerEpoch;
}

function networkFor(config: TrainConfig, dataset: Dataset): Network {
  const { sizes, options } = namedNetworks[config.net];
  const given: Readonly<Record<string, unknown>> = { ...config };
  const ofData: Readonly<Record<string, unknown>> = { ...dataset };
  const values = Object.keys(sizes).map((name) => {
    const isOption = (options as readonly string[]).includes(name);
    return [name, isOption ? given[name] : ofData[name]];
  });
  return createNetwork({ kind: config.net, ...Object.fromEntries(values) });
}
