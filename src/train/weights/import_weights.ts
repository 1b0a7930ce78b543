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

/** Size of the images of an imported unet or resnet: its weights fit any, and MNIST's is what Fluxion has. */
const IMAGE = { height: 28, width: 28 } as const;

/** Where an imported run goes. */
export interface ImportOptions {
  /** The run's folder; the next free `runs/MODEL-DATA-0001` when left out. */
  readonly run?: string;
  /** Where runs without a name go; `runs` when left out. */
  readonly runsFolder?: string;
  /** `new` when left out. */
  readonly mode?: Exclude<RunMode, "resume">;
  /** What the model learnt, for evaluations; moons or mnist when left out. */
  readonly data?: string;
}

/** What {@link importWeights} made. */
export interface ImportResult {
  /** The run's folder. */
  readonly run: string;
  /** Those of a run of no steps. */
  readonly metrics: RunMetrics;
}

/**
 * Makes a run of no steps from a PyTorch state_dict in safetensors, with or
 * without a leading `model.`, with or without buffers. Sizes follow from names
 * and shapes; images are taken to be 28x28. Scales of a table come from the file's metadata.
 *
 * The run goes on with `resume` and more steps, at a constant learning rate
 * (there is no horizon yet); to choose how it trains, start another from it by `init`.
 *
 * @param file Path of the file.
 * @throws {InputError} If it is not a whole state_dict of a network that is known, the
 *   model cannot have that network, or the folder will not do.
 */
export async function importWeights(
  model: FlowKind,
  file: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const stateDict = await readStateDict(file);
  const network = inferNetwork(stateDict, IMAGE);
  if (model === "cnf" && isImageNetwork(network)) {
    throw new InputError(`${file}: holds a network of images, and a CNF takes points; import fm`);
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
      steps: 0,
      schedule: "constant",
      ema: 0,
    },
  });
  const runConfig = { config, network, standardization, dropped: [], flowValues: {} };
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
    threads: 1,
    log: await cutLog(runFile(run, "log"), 0),
    metrics: null,
    clock: () => performance.now(),
  });
  await writer.save(firstCheckpoint(weights, config));
  return { run, metrics: writer.metrics(0) };
}
