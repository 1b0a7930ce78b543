import { namedNetwork } from "../nn/named_networks.ts";
import { type Dataset, isTable } from "../data/dataset.ts";
import type { DataOptions } from "../data/registry.ts";
import type { FlowKind } from "../flows/model.ts";
import type { Standardization } from "../flows/standardization.ts";
import { isSameRecord, type Network, networkRecord } from "../nn/network.ts";
import { withTableDefaults } from "./table_defaults.ts";
import { InputError } from "../core/errors.ts";
import { named } from "../core/quoted.ts";
import type { ConfigFile } from "./config/config_file.ts";
import { defaultDataOf } from "./options/defaults.ts";
import { mergeOptions } from "./config/given_options.ts";
import { option } from "../core/options/spelling.ts";
import { chooseValidation, heldOut } from "./validation/held_out.ts";
import { defaultIntervals } from "./intervals.ts";
import { resolveConfig } from "./config/resolve_config.ts";
import type { TrainConfig, TrainOptions } from "./options/table.ts";
import {
  type FlowValues,
  namesOf,
  requireApplicableValues,
  requireDraws,
} from "./config/flow_values.ts";
import { netLike, resolveConfigOf, resumeConfigOf } from "./config/own_network.ts";
import { namedNetworkFor, netOf, requireNet, requireRowsOf } from "./planned_network.ts";
import { dataOptionsOf, type RunConfig } from "./run/load_run.ts";
import { kindOptions } from "../data/tables/kinds/column_kinds.ts";
import { initialKinds, requirePossible } from "./data/column_kinds.ts";
import { columnOffers } from "./data/column_offers.ts";
import { filesOf, movableFiles, requireFilesThere, requireSameData } from "./data/data_files.ts";
import { imagesRemark, readingRemark } from "./data/reading.ts";
import { learningRate, scheduleOf } from "./optimizer/schedule.ts";
import { chooseStandardization } from "./standardize.ts";
import { readStateDict } from "./weights/initial_weights.ts";

/** Opens a data set by the name in the config. */
export type DatasetOpener = (
  name: string,
  options: DataOptions,
) => Dataset | Promise<Dataset>;

/** A request to train. */
export interface TrainRequest {
  readonly model: FlowKind;
  /** Options of a config file, or null. */
  readonly configFile: ConfigFile | null;
  /** Options that override the file's. */
  readonly options: TrainOptions;
  /** A custom network; undefined: the one that the options name. */
  readonly network?: Network | undefined;
  /** Values passed by the program. */
  readonly values: FlowValues;
  readonly openDataset: DatasetOpener;
  /** Whether a resumed run goes on with other data than it was started with. */
  readonly dataChanged?: boolean | undefined;
}

/** Everything about a run that is decided before computing. */
export interface TrainingPlan extends RunConfig {
  readonly dataset: Dataset;
  /** The values named by `flowValues`. */
  readonly values: FlowValues;
  readonly stepsPerEpoch: number;
  /** Total steps of the run. */
  readonly steps: number;
  /** Human-readable remarks, one line each. */
  readonly remarks: readonly string[];
}

/**
 * Plans a new run: opens its data and resolves its config.
 *
 * @throws {InputError} If the options are invalid or do not fit the data.
 */
export async function planRun(request: TrainRequest): Promise<TrainingPlan> {
  const { model, configFile, options, network: own, values } = request;
  const { options: given } = mergeOptions(configFile, options);
  const flowValues = namesOf(values);
  requireApplicableValues(model, flowValues);
  if (flowValues.path !== undefined && given.sigmaMin !== undefined) {
    throw new InputError(
      `${option("sigmaMin", given.sigmaMin)}: does not apply: the path is ${flowValues.path}`,
    );
  }
  const data = given.data ?? defaultDataOf(model, own === undefined ? given.net : netLike(own));
  const { seed = 0, binarize } = given;
  const { columns: wanted, drop, dropMissing, header, split, testData } = given;
  const { log, dequantize, categorical } = given;
  const { init } = given;
  const initial = init === undefined
    ? undefined
    : { name: init, standardization: (await readStateDict(init)).standardization };
  const kinds = initialKinds(given, initial);
  const columns = {
    kind: "select",
    columns: wanted,
    drop,
    log,
    dequantize,
    categorical,
    ...(kinds === undefined ? {} : { kinds }),
  } as const;
  const rows = { dropMissing, header, split, testData };
  const opened = await request.openDataset(data, { seed, binarize, columns, ...rows });
  requireTable(opened, given, data);
  requirePossible(opened);
  if (own === undefined) requireNet(given.net, opened, data);
  const resolved = (file: ConfigFile | null, options: TrainOptions) =>
    own === undefined
      ? resolveConfig(model, file, { ...options, net: given.net ?? netOf(opened) })
      : resolveConfigOf(own, model, { file, options });
  if (given.prefix !== undefined && given.init === undefined) {
    throw new InputError(
      `${
        option("prefix", given.prefix)
      }: chooses among weights, and there are none to start from; ` +
        `give ${option("init")}, or leave it out`,
    );
  }
  const validation = chooseValidation(opened, given);
  // Scales too come from the rows that train: fitted to the validation rows, they would flatter the
  // first steps and so end the training.
  const dataset = heldOut(opened, { seed, ...validation.options });
  const { standardization, remarks: scaleRemarks } = chooseStandardization(dataset, {
    choice: given.standardize ?? "auto",
    init: initial,
  });
  const standardize: TrainConfig["standardize"] = standardization?.kind ?? "none";
  const general = resolved(configFile, { ...options, data });
  const ofTable = withTableDefaults(general, { given, dataset, standardization });
  // Resolved again, since the table's trace may bring probes.
  const asked = ofTable === general ? general : resolved(null, ofTable);
  const { batchSize, remarks: batchRemarks } = batchSizeFor(asked, dataset);
  const stepsPerEpoch = Math.floor(dataset.train.count / batchSize);
  const steps = stepsOf(asked, stepsPerEpoch);
  const config = {
    ...asked,
    ...validation.options,
    ...defaultIntervals(asked, { dataset, stepsPerEpoch, steps, given }),
    batchSize,
    ...(asked.standardize === undefined ? {} : { standardize }),
    ...(opened.kind === "images" && opened.reading !== undefined
      ? { binarize: opened.reading.binarize }
      : {}),
  };
  const decided = planOf(config, dataset, own);
  requireDraws(values, decided.network.rowWidth);
  const plan = {
    ...decided,
    standardization,
    ...columnsIn(opened),
    ...filesOf(opened),
    flowValues,
    values,
    remarks: [
      ...readRemarks(dataset, standardization),
      ...scaleRemarks,
      ...(given.init === undefined ? columnOffers(opened) : []),
      ...validation.remarks,
      ...batchRemarks,
    ],
  };
  const { schedule, lrHorizon = Math.max(1, plan.steps) } = config;
  if (schedule !== "cosine") return plan;
  return { ...plan, config: resolved(null, { ...config, lrHorizon }) };
}

/**
 * Plans the continuation of a run.
 *
 * @throws {InputError} If an option that changes the mathematics differs, the run would become
 *   shorter, or its data are of another kind than it was trained on.
 */
export async function planResumed(stored: RunConfig, request: TrainRequest): Promise<TrainingPlan> {
  const { configFile, options, openDataset } = request;
  // The command that started the run may have requested larger batches than the table has rows.
  const { batchSize } = stored.config;
  const isLarger = (mergeOptions(configFile, options).options.batchSize ?? 0) > batchSize;
  const kept = isLarger ? { ...options, batchSize } : options;
  const own = namedNetwork(stored.network.kind) === undefined ? stored.network : undefined;
  const resumed = resumeConfigOf(stored.network, stored.config, {
    file: configFile,
    options: kept,
    movable: movableFiles(stored),
  });
  await requireFilesThere(stored, resumed);
  const opened = await openDataset(
    resumed.data,
    dataOptionsOf({ ...stored, config: resumed }),
  );
  // An imported run has taken no step, with batches that nobody chose.
  const config = stored.config.steps === 0 ? { ...resumed, ...batchOf(resumed, opened) } : resumed;
  if (!request.dataChanged) requireSameData(stored, { config, dataset: opened });
  requirePossible(opened);
  const dataset = heldOut(opened, config);
  if (isLarger && dataset.train.count !== batchSize) {
    resumeConfigOf(stored.network, stored.config, { file: configFile, options }); // throws: the batches were no whole table
  }
  if (own === undefined) requireNet(config.net, dataset, config.data);
  const { standardization, columns, dropped, flowValues } = stored;
  const { values } = request;
  const table = { standardization, columns, dropped, ...filesOf(dataset) };
  const remarks = readRemarks(dataset, standardization);
  // A backend that is asked for is no longer the choice of auto.
  const isAuto = stored.config.backend === "auto" && config.backend === "auto";
  const backendChoice = isAuto ? stored.backendChoice : undefined;
  const ofRun = { ...table, flowValues, values, remarks, backendChoice };
  const plan = { ...planOf(config, dataset, own), ...ofRun };
  if (!isSameRecord(networkRecord(plan.network), networkRecord(stored.network))) {
    throw new InputError(
      `data ${named(config.data)}: requires the network ${
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
      `${option(key, config[key])}: makes ${plan.steps} steps, the run is set for ` +
        `${storedSteps}; a resumed run may grow, not shrink`,
    );
  }
  return { ...plan, remarks: [...remarks, ...horizonRemarks(config, plan.steps)] };
}

/** Says that a resumed run has steps after the end of its cosine: nearly nothing is learnt there. */
function horizonRemarks(config: TrainConfig, steps: number): string[] {
  const { schedule, lrHorizon = Infinity } = config;
  if (schedule !== "cosine" || lrHorizon >= steps) return [];
  const last = learningRate(scheduleOf(config), lrHorizon);
  return [
    `the cosine schedule of the learning rate ends at step ${lrHorizon}; after it the rate stays at ` +
    `${last.toPrecision(2)}, which changes the weights hardly at all: ${
      option("lrHorizon", steps)
    } ` +
    "lets it fall until the last step instead",
  ];
}

/** What was read, if that is a file or a folder of images. */
function readRemarks(dataset: Dataset, standardization: Standardization | null): string[] {
  const remark = dataset.kind === "points"
    ? readingRemark(dataset, standardization)
    : imagesRemark(dataset);
  return remark === null ? [] : [remark];
}

/** The batch size of a config for its data, without the validation rows. */
function batchOf(config: TrainConfig, opened: Dataset): Pick<TrainConfig, "batchSize"> {
  return { batchSize: batchSizeFor(config, heldOut(opened, config)).batchSize };
}

/** Rows per step: all of them if the table is smaller than a batch. */
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

/** Options that only tables from files have. */
const tableOptions = ["columns", "drop", "dropMissing", "header", ...kindOptions] as const;

/** Options that only files have. */
const fileOptions = ["split", "testData"] as const;

/** @throws {InputError} If an option of tables or files is given for other data. */
function requireTable(dataset: Dataset, given: TrainOptions, data: string): void {
  const isTabular = isTable(dataset);
  const isFile = isTabular || dataset.identity !== undefined;
  const ofTable = isTabular ? undefined : tableOptions.find((name) => given[name] !== undefined);
  const ofFile = isFile ? undefined : fileOptions.find((name) => given[name] !== undefined);
  const name = ofTable ?? ofFile;
  if (name === undefined) return;
  throw new InputError(
    `${option(name, given[name])}: data ${named(data)} is not ` +
      `${ofTable === undefined ? "a file" : "a table from a file"}; leave it out`,
  );
}

/** The columns of a data set's file. */
function columnsIn(dataset: Dataset): Pick<RunConfig, "columns" | "dropped"> {
  if (!isTable(dataset)) return { columns: null, dropped: [] };
  const { columns, dropped } = dataset.file;
  return { columns, dropped };
}

/** What a new run decides and a resumed one reads. */
type Decided = Pick<
  TrainingPlan,
  | ("standardization" | "columns" | "dropped" | "dataFile" | "testFile")
  | ("flowValues" | "values" | "remarks")
>;

/** Everything derived from a config and its data alone. */
function planOf(
  config: TrainConfig,
  dataset: Dataset,
  own: Network | undefined,
): Omit<TrainingPlan, keyof Decided> {
  if (own !== undefined) requireRowsOf(own, dataset, config.data);
  const network = own ?? namedNetworkFor(config, dataset);
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
    network,
    stepsPerEpoch,
    steps: stepsOf(config, stepsPerEpoch),
  };
}

function stepsOf({ steps, epochs }: TrainConfig, stepsPerEpoch: number): number {
  return steps ?? epochs! * stepsPerEpoch;
}
