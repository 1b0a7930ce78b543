import type { FlowKind } from "../../flows/model.ts";
import { isImageNetwork } from "../../nn/network.ts";
import { networkOptionsOf, resolveConfigOf } from "../config/own_network.ts";
import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { InputError } from "../../core/errors.ts";
import { firstCheckpoint } from "../run/checkpoint.ts";
import { requireScalesOf } from "../config/standardization.ts";
import { readStateDict } from "./initial_weights.ts";
import { encodeRunConfig } from "../run/load_run.ts";
import { holdRun, runFile, type RunMode, runName } from "../run/run_folder.ts";
import type { RunMetrics } from "../run/run_metrics.ts";
import { RunWriter } from "../run/run_writer.ts";
import { inferNetwork, stateDictWeights } from "./state_dict.ts";
import { cutLog } from "../run/training_log.ts";

/** Image size of an imported unet or resnet: MNIST's, because its weights fit any size. */
const IMAGE = { height: 28, width: 28 } as const;

/** Options of {@link importWeights}. */
export interface ImportOptions {
  /** The run's folder; default the next free `runs/MODEL-DATA-0001`. */
  readonly run?: string;
  /** Folder of runs without a name; default `runs`. */
  readonly runsFolder?: string;
  /** Default `new`. */
  readonly mode?: Exclude<RunMode, "resume">;
  /** Data set for evaluations; default moons or mnist. */
  readonly data?: string;
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
 * from names and shapes; images are assumed to be 28x28. The standardisation of a table is read from
 * the file's metadata.
 *
 * The run can be resumed with more steps at a constant learning rate (it has no horizon yet). To
 * choose other training options, start a new run from it with `init`.
 *
 * @param file Path of the file.
 * @throws {InputError} If it is not a complete state_dict of a registered network, or holds several;
 *   the model does
 *   not support that network, or the folder cannot be used.
 */
export async function importWeights(
  model: FlowKind,
  file: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const stateDict = await readStateDict(file, options.prefix);
  const network = inferNetwork(stateDict, IMAGE);
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
      init: file,
      ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
      steps: 0,
      schedule: "constant",
      ema: 0,
    },
  });
  const table = { standardization, columns: null, dropped: [], dataFile: null, testFile: null };
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
    clock: () => performance.now(),
  });
  const checkpoint = firstCheckpoint(weights, config);
  await writer.save(checkpoint);
  return { run, metrics: writer.metrics(checkpoint) };
}
