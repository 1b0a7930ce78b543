import type { FlowKind } from "../../flows/model.ts";
import type { ImageDataset } from "../../data/dataset.ts";
import { datasetNames } from "../../data/dataset_names.ts";
import { openDataset } from "../../data/registry.ts";
import { isImageNetwork, type Network } from "../../nn/network.ts";
import { networkOptionsOf, resolveConfigOf } from "../config/own_network.ts";
import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { filesOf } from "../data/data_files.ts";
import { requireRowsOf } from "../planned_network.ts";
import type { DatasetOpener } from "../training_plan.ts";
import { firstCheckpoint } from "../run/checkpoint.ts";
import { requireScalesOf } from "../config/standardization.ts";
import { readStateDict } from "./initial_weights.ts";
import { encodeRunConfig } from "../run/load_run.ts";
import { holdRun, runFile, type RunMode, runName } from "../run/run_folder.ts";
import type { RunMetrics } from "../run/run_metrics.ts";
import { RunWriter } from "../run/run_writer.ts";
import { inferNetwork, stateDictWeights } from "./state_dict.ts";
import { cutLog } from "../run/training_log.ts";

/** Image size of an imported unet or resnet without data of its own: its weights fit any size. */
const IMAGE = { height: 28, width: 28 } as const;

/** Options of {@link importWeights}. */
export interface ImportOptions {
  /** The run's folder; default the next free `runs/MODEL-DATA-0001`. */
  readonly run?: string;
  /** Folder of runs without a name; default `runs`. */
  readonly runsFolder?: string;
  /** Default `new`. */
  readonly mode?: Exclude<RunMode, "resume">;
  /** Data set for evaluations; default moons or mnist. Images of a file give the network its size. */
  readonly data?: string;
  /** Opens data by name; default Fluxion's own data sets and files. */
  readonly openDataset?: DatasetOpener;
  /** Which of several sets of weights in the file: the lead of its names. */
  readonly prefix?: string;
}

/** Result of {@link importWeights}. */
export interface ImportResult {
  /** The run's folder. */
  readonly run: string;
  /** Metrics of a run with no steps. */
  readonly metrics: RunMetrics;
}

/**
 * Makes a run of no steps from a PyTorch state_dict in safetensors. Its names may have any common
 * lead (`module.`, `_orig_mod.`, `ema_model.`), and the buffers may be missing. Sizes are inferred
 * from names and shapes; images have the size of those of `data`, without them 28x28. The
 * standardisation of a table is read from the file's metadata.
 *
 * The run can be resumed with more steps at a constant learning rate (it has no horizon yet). To
 * choose other training options, start a new run from it with `init`.
 *
 * @param file Path of the file.
 * @throws {InputError} If it is not a complete state_dict of a registered network, or holds several;
 *   the model or the data do not fit that network, or the folder cannot be used.
 */
export async function importWeights(
  model: FlowKind,
  file: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const stateDict = await readStateDict(file, options.prefix);
  const inferred = inferNetwork(stateDict, IMAGE);
  const images = await imagesOf(inferred, options);
  const network = images === null ? inferred : inferNetwork(stateDict, images);
  if (images !== null) requireRowsOf(network, images, images.name);
  if (model === "cnf" && isImageNetwork(network)) {
    throw new InputError(
      `${file}: holds an image network, but a CNF takes points; import it as fm`,
    );
  }
  const weights = stateDictWeights(stateDict, network);
  const { standardization } = stateDict;
  requireScalesOf(network, standardization, file);
  const config = resolveConfigOf(network, model, {
    options: {
      ...networkOptionsOf(network),
      ...(isImageNetwork(network) ? {} : { standardize: standardization?.kind ?? "none" }),
      ...(options.data === undefined ? {} : { data: options.data }),
      ...(images?.reading === undefined ? {} : { binarize: images.reading.binarize }),
      init: file,
      ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
      steps: 0,
      schedule: "constant",
      ema: 0,
    },
  });
  const files = images === null ? { dataFile: null, testFile: null } : filesOf(images);
  const table = { standardization, columns: null, dropped: [], ...files };
  const runConfig = { config, network, ...table, flowValues: {} };
  using held = await holdRun(options.run ?? null, {
    mode: options.mode ?? "new",
    root: options.runsFolder ?? "runs",
    name: runName(model, config.data),
  });
  const run = held.path;
  await writeFileAtomic(
    runFile(run, "config"),
    encodeRunConfig(runConfig),
  );
  using writer = await RunWriter.open(run, {
    ...runConfig,
    backend: null,
    totalSteps: 0,
    threads: 1,
    rows: { testRows: null, validationRows: null },
    log: await cutLog(runFile(run, "log"), 0),
    metrics: null,
    clock: () => 0, // nothing was trained here
    startedMs: 0,
  });
  const checkpoint = firstCheckpoint(weights, config);
  await writer.save(checkpoint);
  return { run, metrics: writer.metrics(checkpoint) };
}

/**
 * The images of a file or folder on which an image network was trained; null for data sets by name,
 * which are all of 28x28, and for points.
 *
 * @throws {InputError} If they cannot be read, or are no images.
 */
async function imagesOf(
  network: Network,
  { data, openDataset: open = openHere }: ImportOptions,
): Promise<ImageDataset | null> {
  if (!isImageNetwork(network) || data === undefined) return null;
  if (data === "-" || datasetNames.includes(data)) return null;
  const dataset = await open(data, { seed: 0, channels: network.image.channels });
  if (dataset.kind === "images") return dataset;
  throw new InputError(
    `${option("data", data)}: holds points, the weights are of a network on images`,
  );
}

const openHere: DatasetOpener = (name, options) => openDataset(name, { ...options, dataDir: null });
