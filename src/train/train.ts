import { Buffer } from "node:buffer";
import { openDataset } from "../data/registry.ts";
import type { FlowKind } from "../flows/model.ts";
import { namedNetwork } from "../nn/named_networks.ts";
import type { Network } from "../nn/network.ts";
import { validateNetwork } from "../nn/validate.ts";
import { chosenTiles } from "../ode/engines/gpu/tiles/chosen_tiles.ts";
import { type Device, openDevice } from "../ode/engines/open_device.ts";
import { quoted, quotedJson } from "../core/quoted.ts";
import { writeFileAtomic } from "../core/files/atomic_file.ts";
import { InputError } from "../core/errors.ts";
import { type Checkpoint, firstCheckpoint } from "./run/checkpoint.ts";
import type { ConfigFile } from "./config/config_file.ts";
import type { TrainOptions } from "./options/table.ts";
import {
  flowValueKeys,
  type FlowValues,
  requireFlowValues,
  requireSameValues,
} from "./config/flow_values.ts";
import type { TrainHooks } from "./hooks.ts";
import { initialWeights } from "./weights/initial_weights.ts";
import { encodeRunConfig, readCheckpoint, readRunConfig } from "./run/load_run.ts";
import { testRows } from "./evaluation.ts";
import { validationSteps } from "./intervals.ts";
import { hasStopped, resumedValidation } from "./validation/validation_state.ts";
import { requireTrainingMemory } from "./memory_need.ts";
import { holdRun, requireUsable, runFile, type RunMode, runName } from "./run/run_folder.ts";
import type { RunMetrics } from "./run/run_metrics.ts";
import { readMetrics } from "./run/run_metrics.ts";
import { encodeModel, RunWriter } from "./run/run_writer.ts";
import { cutLog, readLog } from "./run/training_log.ts";
import type { BackendKind } from "../backends/backend.ts";
import { gpuOf } from "../backends/gpu/gpu.ts";
import { isOpen } from "../backends/open_backend.ts";
import type { BackendChoice } from "./backend_choice/backend_choice.ts";
import { chooseTrainingBackend } from "./backend_choice/choose_training_backend.ts";
import { type EngineTimesFile, findTiles, keepTiles } from "./backend_choice/engine_times.ts";
import { timeSteps } from "./backend_choice/time_steps.ts";
import { gpuRemarks } from "./steps/gpu_remarks.ts";
import { openTrainer, trainingWay } from "./steps/open_trainer.ts";
import { trainingLoop } from "./training_loop.ts";
import {
  type DatasetOpener,
  planResumed,
  planRun,
  type TrainingPlan,
  type TrainRequest,
} from "./training_plan.ts";

/** What to train; every option but the model has a default. */
export interface TrainSpec extends TrainOptions, FlowValues {
  /** `cnf`: a continuous normalizing flow; `fm`: flow matching. */
  readonly model: FlowKind;
  /** A custom velocity network; Fluxion's own are named by `net`. */
  readonly network?: Network;
}

/** Where and how to train. */
export interface TrainEnvironment {
  /** The run's folder; default the next free `runs/MODEL-DATA-0001`. */
  readonly run?: string;
  /** Folder of runs without a name; default `runs`. */
  readonly runsFolder?: string;
  /** Default `new`. `resume` continues an existing run. */
  readonly mode?: RunMode;
  /** Whether a resumed run may go on with other data than it was started with; default false. */
  readonly dataChanged?: boolean;
  /** Options from a config file, overridden by explicit ones. */
  readonly configFile?: ConfigFile | null;
  /**
   * Whether the test loss is evaluated before the first step too, as epoch 0, if it is evaluated
   * after epochs; default false. The weights are the same with and without.
   */
  readonly evaluatesUntrained?: boolean;
  /** Opens data by the config's name; default Fluxion's own data sets and files. */
  readonly openDataset?: DatasetOpener;
  /** Callbacks during training. */
  readonly hooks?: TrainHooks;
  /**
   * When aborted, training completes the steps that it is taking, one or those of about 20 ms, and
   * writes a checkpoint.
   */
  readonly signal?: AbortSignal;
  /** When the work began, by `clock`, from which `seconds` of the metrics counts; default the call. */
  readonly startedMs?: number;
  /** Milliseconds, from any origin; default `performance.now`. */
  readonly clock?: () => number;
  /**
   * Where the times of training steps that `backend: "auto"` measures are kept, and the tiles of a GPU's shaders
   * that were timed, so that each shape is measured once on a machine; default null: nowhere.
   */
  readonly engineTimes?: EngineTimesFile | null;
}

/** An environment with its clock. */
type TimedEnvironment = TrainEnvironment & Required<Pick<TrainEnvironment, "clock" | "startedMs">>;

/** Result of training. */
export interface TrainResult {
  /** `interrupted` by the signal; `alreadyFinished`: a resumed run with nothing left to do. */
  readonly kind: "finished" | "interrupted" | "alreadyFinished";
  /** The run's folder. */
  readonly run: string;
  /** Steps done. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Contents of `metrics.json`, over all sessions. */
  readonly metrics: RunMetrics;
}

/**
 * Trains a flow in a run folder with log, checkpoints, metrics and weights.
 *
 * The weights are a function of config and data: on the CPU engine, a run that was stopped and
 * resumed has the bits of an uninterrupted one. The backend stays open and current for subsequent
 * work (`loadRun`); steps without tensors open none unless tfjs is loaded, as it is by the package.
 *
 * @throws {InputError} If the options, data or folder are invalid; nothing is written.
 * @throws {FailureError} If a loss is NaN or infinite, a solve fails or the disk is full; the last
 *   checkpoint is intact.
 */
export async function train(
  given: TrainSpec,
  surroundings: TrainEnvironment = {},
): Promise<TrainResult> {
  const { mode = "new", configFile = null } = surroundings;
  const { model, network, path, coupling, times, source, ...options } = given;
  requireOneOf("model", model, ["cnf", "fm"]);
  // Another mode would count as none of them, and overwrite the run that is there.
  requireOneOf("mode", mode, ["new", "resume", "overwrite"]);
  if (network !== undefined) requireOwn(network);
  requireFlowValues({ path, coupling, times, source });
  const request: TrainRequest = {
    model,
    configFile,
    options,
    network,
    values: { path, coupling, times, source },
    dataChanged: surroundings.dataChanged,
    openDataset: surroundings.openDataset ??
      ((name, opening) => openDataset(name, { ...opening, dataDir: null })),
  };
  const { clock = () => performance.now(), startedMs = clock() } = surroundings;
  const timed = { ...surroundings, clock, startedMs };
  return mode === "resume"
    ? await resumeRun(request, timed)
    : await startRun(request, { ...timed, mode });
}

/** @throws {InputError} If a value is none of the known ones. */
function requireOneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new InputError(
    `${name}: expected ${known.map((one) => quoted(one)).join(" or ")}, got ${quotedJson(value)}`,
  );
}

/** @throws {InputError} If a network is incomplete or has the kind of one of Fluxion's own. */
function requireOwn(network: Network): void {
  validateNetwork(network);
  if (namedNetwork(network.kind) !== undefined) {
    throw new InputError(
      `network ${network.kind}: is one of Fluxion's own; give its name as net, or take another kind`,
    );
  }
}

async function startRun(
  request: TrainRequest,
  surroundings: TimedEnvironment & { readonly mode: RunMode },
): Promise<TrainResult> {
  const { run: path = null, runsFolder = "runs", mode } = surroundings;
  if (path !== null) await requireUsable(path, mode);
  const plan = await planRun(request);
  const { config } = plan;
  const start = async () => firstCheckpoint(await startWeights(plan), config);
  // Open the device before writing anything: there may be no adapter.
  const { device, backendChoice } = await openDeviceOf(plan, surroundings, { start, before: null });
  const checkpoint = await start();
  using held = await holdRun(path, {
    mode,
    root: runsFolder,
    name: runName(config.model, config.data),
  });
  const recorded = encodeRunConfig({ ...plan, backendChoice });
  await writeFileAtomic(runFile(held.path, "config"), recorded);
  return await runSession(surroundings, { run: held.path, plan, device, checkpoint });
}

/** The weights before the first step. */
async function startWeights({ config, network, standardization }: TrainingPlan) {
  const { init, seed, prefix } = config;
  return await initialWeights(init, { network, seed, prefix, standardization });
}

async function resumeRun(
  request: TrainRequest,
  surroundings: TimedEnvironment,
): Promise<TrainResult> {
  const { run: path = null, runsFolder = "runs", hooks = {}, signal } = surroundings;
  using held = await holdRun(path, {
    mode: "resume",
    root: runsFolder,
    name: "",
    ...(hooks?.onWait === undefined ? {} : { onWait: hooks.onWait }),
    ...(signal === undefined ? {} : { signal }),
  });
  const run = held.path;
  const stored = await readRunConfig(run, request.network);
  if (stored.config.model !== request.model) {
    const { model } = stored.config;
    throw new InputError(`${run}: a run of train ${model}; resume it with train ${model}`);
  }
  requireSameValues(stored.flowValues, request.values, {
    keys: flowValueKeys.training,
    place: run,
  });
  const plan = await planResumed(stored, request);
  const { config, steps } = plan;
  const checkpoint = await hasCheckpoint(run)
    ? resumed(await readCheckpoint(run, stored), plan)
    : firstCheckpoint(await startWeights(plan), config);
  const { step } = checkpoint;
  const metrics = await readMetrics(run);
  const isAtEnd = step >= steps || hasStopped(checkpoint.validation ?? null);
  if (isAtEnd && metrics?.steps === step && await isComplete(run, plan, checkpoint, hooks)) {
    const kind = "alreadyFinished";
    await hooks.onEnd?.({ kind, run, step });
    return { kind, run, step, steps, metrics };
  }
  const { device, backendChoice } = await openDeviceOf(plan, surroundings, {
    start: () => Promise.resolve(checkpoint),
    before: stored.config.backend === "auto" ? metrics?.backend ?? null : null,
  });
  const recorded = encodeRunConfig({ ...plan, backendChoice });
  await writeFileAtomic(runFile(run, "config"), recorded);
  return await runSession(surroundings, { run, plan, device, checkpoint });
}

/** A checkpoint with the state of validation from which a run of this plan continues. */
function resumed(checkpoint: Checkpoint, { config, steps }: TrainingPlan): Checkpoint {
  if (checkpoint.validation === undefined) return checkpoint;
  const { patience = 0 } = config;
  return {
    ...checkpoint,
    validation: resumedValidation(checkpoint.validation, { patience, steps }),
  };
}

/**
 * Whether the checkpoint of the last step and everything derived from it exist. A process may be
 * killed in between, and users may remove files.
 */
async function isComplete(
  run: string,
  plan: TrainingPlan,
  checkpoint: Checkpoint,
  { hasPictures }: TrainHooks,
): Promise<boolean> {
  const { step } = checkpoint;
  if (!await hasCheckpoint(run)) return false;
  if (!await holds(runFile(run, "model"), encodeModel(plan, checkpoint))) return false;
  // An imported run has none.
  if (plan.steps > 0 && plan.dataset.test.count > 0) {
    const { evaluations } = await readLog(runFile(run, "log"));
    if (!evaluations.some((evaluation) => evaluation.step === step)) return false;
  }
  const epoch = Math.ceil(step / plan.stepsPerEpoch);
  return await hasPictures?.({ run, step, epoch }) ?? true;
}

/** Whether a file has the given content. */
async function holds(path: string, content: Uint8Array): Promise<boolean> {
  const size = (await Deno.stat(path).catch(() => null))?.size;
  return size === content.length && Buffer.from(await Deno.readFile(path)).equals(content);
}

async function hasCheckpoint(run: string): Promise<boolean> {
  try {
    await Deno.stat(runFile(run, "checkpoint"));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Opens the backend of a run; `auto` may time training steps, from copies of the run's state.
 *
 * @param from.start The state from which the run goes on.
 * @param from.before As of `chooseTrainingBackend`.
 */
async function openDeviceOf(
  plan: TrainingPlan,
  { clock, engineTimes = null, hooks }: TimedEnvironment,
  { start, before }: {
    readonly start: () => Promise<Checkpoint>;
    readonly before: BackendKind | null;
  },
): Promise<{ readonly device: Device; readonly backendChoice: BackendChoice | undefined }> {
  const { config, dataset, network } = plan;
  const { threads, portableBits } = config;
  const tensors = trainingWay(plan, { kind: "cpu" }) === "tensors" ? "now" : "onDemand";
  const open = async (kind: BackendKind) => {
    const device = await openDevice(kind, {
      ...{ work: dataset.kind, threads, portableBits, tensors },
    });
    if (device.backend.kind === "cpu") requireTrainingMemory(network, config);
    else if (engineTimes !== null) {
      const gpu = gpuOf(device.backend), { adapterInfo } = gpu.device;
      const tiles = await findTiles(engineTimes, adapterInfo);
      for (const [shape, chosen] of tiles) chosenTiles(gpu).set(shape, chosen);
    }
    return device;
  };
  // A program may have tensors on a GPU that it opened before.
  const wasOpen = isOpen("webgpu");
  let gpu: Device | null = null;
  const { kind, reason, choice } = await chooseTrainingBackend(plan, {
    before,
    times: engineTimes,
    onMeasure: hooks?.onMeasure,
    async timed(kind) {
      const device = await open(kind);
      if (kind === "webgpu") gpu = device;
      const trainer = await openTrainer(plan, { checkpoint: await start(), device, clock });
      try {
        return await timeSteps(trainer, clock);
      } finally {
        trainer.dispose();
      }
    },
  });
  const device = await open(kind);
  if (kind === "cpu" && !wasOpen) (gpu as Device | null)?.close();
  return { device: { ...device, reason }, backendChoice: choice ?? undefined };
}

/** Trains from a checkpoint in a locked folder that has its config. */
async function runSession(
  {
    hooks = {},
    signal,
    evaluatesUntrained = false,
    engineTimes = null,
    clock,
    startedMs,
  }: TimedEnvironment,
  ready: {
    readonly run: string;
    readonly plan: TrainingPlan;
    readonly device: Device;
    readonly checkpoint: Checkpoint;
  },
): Promise<TrainResult> {
  const { run, plan, checkpoint } = ready;
  const { config, dataset, network, standardization, flowValues } = plan;
  const { steps, stepsPerEpoch } = plan;
  const rows = {
    train: dataset.train.count,
    validation: dataset.kind === "points" ? dataset.validation?.count ?? 0 : 0,
    test: testRows(config.model, dataset),
  };
  const { backend, engines, reason: backendReason } = ready.device;
  const log = await cutLog(runFile(run, "log"), checkpoint.step);
  using writer = await RunWriter.open(run, {
    config,
    network,
    standardization,
    flowValues,
    backend: backend.kind,
    totalSteps: steps,
    threads: engines.threads,
    rows: { testRows: rows.test, validationRows: rows.validation || null },
    log,
    metrics: await readMetrics(run),
    clock,
    startedMs,
  });
  await hooks.onStart?.({
    run,
    config,
    dataset: plan.dataset,
    network,
    standardization,
    backend,
    backendReason,
    way: trainingWay(plan, backend),
    step: checkpoint.step,
    steps,
    stepsPerEpoch,
    rows,
    validationSteps: validationSteps(config.evalEvery, stepsPerEpoch),
    remarks: [...plan.remarks, ...gpuRemarks(plan, ready.device)],
  });
  if (checkpoint.step === 0) await writer.save(checkpoint);
  const trainer = await openTrainer(plan, { checkpoint, device: ready.device, clock });
  try {
    if (backend.kind === "webgpu" && engineTimes !== null) {
      const gpu = gpuOf(backend);
      await keepTiles(engineTimes, gpu.device.adapterInfo, chosenTiles(gpu));
    }
    const { kind, ...end } = await trainingLoop({
      run,
      plan,
      start: checkpoint,
      trainer,
      evaluatesUntrained,
      engines,
      backend,
      writer,
      hooks,
      signal: signal ?? null,
      clock,
    });
    const { step } = end;
    await hooks.onEnd?.({ kind, run, step });
    const metrics = await writer.saveMetrics(end);
    return { kind, run, step, steps, metrics };
  } finally {
    trainer.dispose();
  }
}
