import { namedNetworks } from "../nn/named_networks.ts";
import * as tf from "@tensorflow/tfjs";
import type { Loss, LossAndGradient } from "../flows/losses/loss.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import { logScaleSum, logVolumes, type PointValues, toModel } from "../flows/standardization.ts";
import type { FlowModel } from "../flows/model.ts";
import type { Engines } from "../ode/engines/engines.ts";
import type { Backend } from "../backends/backend.ts";
import { FailureError, OutOfMemoryError } from "../core/errors.ts";
import { clearStop, isStopAsked, Stopped } from "../core/stop.ts";
import { BatchOrder, readRows } from "./batches.ts";
import { option } from "../core/options/spelling.ts";
import type { TrainConfig } from "./options/table.ts";
import { testLoss } from "./evaluation.ts";
import { intervalSteps, validationSteps } from "./intervals.ts";
import { afterValidation, hasStopped, improves } from "./validation/validation_state.ts";
import { validationLoss } from "./validation/validation_loss.ts";
import { noiseWeight, withNoise } from "./row_noise.ts";
import type { TrainHooks } from "./hooks.ts";
import type { TrainState } from "./optimizer/train_state.ts";
import type { RunWriter } from "./run/run_writer.ts";
import type { TrainingPlan } from "./training_plan.ts";

/**
 * Number of losses that accumulate on a GPU before a read-back, which costs 12 ms whether it reads
 * one or eight.
 */
const LATE_LOSSES = 8;

/** Maximum delay of a loss, so that a slow device still shows progress. */
const LATE_MS = 1000;

/**
 * Maximum time between turns of the event loop: on the CPU everything awaited in a step is ready
 * at once, and without a turn an abort would go unnoticed until the next checkpoint.
 */
const TURN_MS = 50;

/** Inputs of {@link trainingLoop}. */
export interface Session {
  /** The run's folder. */
  readonly run: string;
  readonly plan: TrainingPlan;
  /** State after `firstStep` steps. */
  readonly state: TrainState;
  /** Steps done before this session. */
  readonly firstStep: number;
  /** Whether the test loss is evaluated before the first step too. */
  readonly evaluatesUntrained: boolean;
  /** The training loss. */
  readonly loss: Loss;
  readonly engines: Engines;
  readonly backend: Backend;
  readonly writer: RunWriter;
  readonly hooks: TrainHooks;
  /**
   * When aborted, the current step completes, a checkpoint is written and the loop ends. If the
   * process is asked to stop (stop.ts), the current step is discarded instead.
   */
  readonly signal: AbortSignal | null;
  /** Milliseconds, from any origin. */
  readonly clock: () => number;
}

/** How a session ended, and the steps of the run done by then. */
export interface SessionEnd {
  readonly kind: "finished" | "interrupted";
  readonly step: number;
}

/** A step whose loss and NFE are still on the device. */
interface PendingStep extends Pick<LossAndGradient, "loss" | "nfe"> {
  readonly step: number;
  /** Added to the loss, so that a likelihood is in the data's units. */
  readonly offset: number;
}

/**
 * Trains until the run is finished or asked to stop, and writes a checkpoint in both cases.
 *
 * @throws {FailureError} If a loss is NaN or infinite, a solve fails or the disk is full. The last
 *   checkpoint, from before the failure, is intact.
 */
export async function trainingLoop(session: Session): Promise<SessionEnd> {
  const { plan, state, writer, signal, clock } = session;
  const { config, dataset, steps } = plan;
  const order = new BatchOrder({
    seed: config.seed,
    count: dataset.train.count,
    batchSize: config.batchSize,
  });
  const losses = new LossReader(session);
  let step = session.firstStep;
  let savedMs = clock(), turnedMs = savedMs;
  // Checkpoints are written during the following steps, one at a time.
  let saving = Promise.resolve();
  const save = async () => {
    await losses.collect();
    const checkpoint = await state.read(step);
    await saving;
    saving = writer.save(checkpoint);
    saving.catch(() => {}); // rethrown where it is awaited
    savedMs = clock();
    losses.restartClock();
  };
  const isStopped = () => (signal?.aborted ?? false) || isStopAsked();
  const goOn = async (): Promise<SessionEnd> => {
    // Catch up on what an interrupted session left undone; all there is to do in a run of no steps.
    if (step > 0 || steps === 0) await milestone(session, step, losses);
    else if (session.evaluatesUntrained) {
      await evaluateIfDue(session, { step, epoch: 0 }, losses);
    }
    if (step >= steps || hasStopped(state.validation)) await save();
    while (step < steps && !hasStopped(state.validation)) {
      if (isStopped()) return { kind: "interrupted", step };
      const taken = await takeStep(session, step, order.indices(step));
      step++;
      losses.add({ ...taken, step });
      if (losses.areDue()) await losses.collect();
      if (clock() - turnedMs >= TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        turnedMs = clock();
      }
      if (isStopped()) return { kind: "interrupted", step };
      await milestone(session, step, losses);
      const isEnd = step === steps || hasStopped(state.validation);
      if (isEnd || clock() - savedMs >= config.saveSeconds * 1000) await save();
    }
    return { kind: "finished", step };
  };
  try {
    const end = await goOn().catch((error): SessionEnd => {
      // The step was discarded before it changed the weights, so they are the last step's.
      if (error instanceof Stopped) return { kind: "interrupted", step };
      throw error;
    });
    if (end.kind === "interrupted") {
      clearStop();
      await save();
    }
    return end;
  } finally {
    losses.dispose();
    await saving;
  }
}

/** Takes one training step; the caller disposes the loss. */
async function takeStep(
  { plan, state, loss }: Session,
  step: number,
  indices: Uint32Array,
): Promise<Omit<PendingStep, "step">> {
  const { config, dataset } = plan;
  const points = readRows(dataset, "train", indices);
  const cells = { key: keyOf(subsequences.tableNoise, config.seed, step) };
  const rows = withNoise(toModel(state.model.standardization, points, cells), {
    weight: noiseWeight(config.noise ?? 0, { step, horizon: config.lrHorizon ?? plan.steps }),
    key: keyOf(subsequences.rowNoise, config.seed, step),
  });
  let batch: tf.Tensor2D | null = null, taken: LossAndGradient | null = null;
  try {
    batch = tf.tensor2d(rows, [indices.length, state.model.network.rowWidth]);
    taken = await loss.lossAndGradient(state.model, batch, { seed: config.seed, step });
    state.update(taken.gradient, step);
    return { loss: taken.loss, nfe: taken.nfe, offset: lossOffset(state.model, points) };
  } catch (error) {
    taken?.loss.dispose();
    throw atStep(error, { step: step + 1, done: step, config });
  } finally {
    batch?.dispose();
    taken?.gradient.dispose();
  }
}

/**
 * What takes a batch's mean loss from model units to the data's. A CNF's loss is a likelihood; a
 * squared error stays in standardised units, since columns of different units share none.
 */
function lossOffset({ kind, standardization }: FlowModel, points: PointValues): number {
  if (kind !== "cnf") return 0;
  const volumes = logVolumes(standardization, points);
  const mean = volumes === null
    ? 0
    : volumes.reduce((sum, value) => sum + value, 0) / volumes.length;
  return logScaleSum(standardization) - mean;
}

/** First remedy if training diverges after its first step; the usual cause is the learning rate. */
function lowerRate({ lr }: TrainConfig): string {
  return `try a ${option("lr")} below ${lr} first, as the weights may have diverged`;
}

/** Options that reduce the memory of a step. */
function smallerOptions({ net }: TrainConfig): string[] {
  const width = net && namedNetworks[net].options[0];
  return ["batchSize", ...(width === undefined ? [] : [width])].map((name) => option(name));
}

/** Adds the step's number and a remedy to a failure of `step`, with `done` steps completed before. */
function atStep(
  error: unknown,
  { step, done, config }: {
    readonly step: number;
    readonly done: number;
    readonly config: TrainConfig;
  },
): unknown {
  if (!(error instanceof FailureError)) return error;
  const words = error instanceof OutOfMemoryError
    ? `${error.message} (${smallerOptions(config).join(", ")})`
    : done > 0
    ? `${lowerRate(config)}; ${error.message}`
    : error.message;
  return new FailureError(`step ${step}: ${words}; the last checkpoint is kept`, { cause: error });
}

/** Evaluates, validates and draws pictures if they are due after `step` steps. */
async function milestone(session: Session, step: number, losses: LossReader): Promise<void> {
  const { run, plan, state, engines, hooks } = session;
  const { config, dataset, stepsPerEpoch, steps } = plan;
  const epoch = Math.ceil(step / stepsPerEpoch);
  await evaluateIfDue(session, { step, epoch }, losses);
  const isEnd = step >= steps || hasStopped(state.validation);
  const draws = hooks.onPictures !== undefined &&
    (isEnd || isMultiple(step, intervalSteps(config.sampleEvery, stepsPerEpoch))) &&
    !(await hooks.hasPictures?.({ run, step, epoch }) ?? false);
  if (!draws) return;
  await losses.collect();
  await withModelAt(
    session,
    step,
    (model) => hooks.onPictures!({ run, step, epoch, config, dataset, model, engines }),
  );
  losses.restartClock();
}

/** Calls `use` with the model for sampling; a failure gives the step. */
async function withModelAt(
  { plan: { config }, state }: Session,
  step: number,
  use: (model: FlowModel) => Promise<void>,
): Promise<void> {
  try {
    await state.withSampledModel(use);
  } catch (error) {
    throw atStep(error, { step, done: step, config });
  }
}

function isMultiple(step: number, interval: number): boolean {
  return interval > 0 && step % interval === 0;
}

/** Computes and logs the test loss and the validation loss where they are due and not known yet. */
async function evaluateIfDue(
  session: Session,
  { step, epoch }: { readonly step: number; readonly epoch: number },
  losses: LossReader,
): Promise<void> {
  const { plan, state, engines, writer, hooks } = session;
  const { config: { evalEvery, patience = 0 }, stepsPerEpoch, steps } = plan;
  const isDue = (interval: number) => step >= steps || isMultiple(step, interval);
  const isLogged = writer.hasEvaluation(step);
  const evaluates = isDue(intervalSteps(evalEvery, stepsPerEpoch)) && !isLogged;
  const before = state.validation;
  const validates = before !== null && before.step < step &&
    isDue(validationSteps(evalEvery, stepsPerEpoch));
  if (!evaluates && !validates) return;
  await losses.collect();
  await withModelAt(session, step, async (model) => {
    const loss = evaluates ? await testLoss(model, engines, plan) : null;
    const validated = validates ? await validationLoss(model, engines, plan) : null;
    // Read before anything is recorded, since an interruption may come until here.
    const weights = validated !== null && improves(before!, validated)
      ? await model.parameters.read()
      : null;
    if (loss !== null) {
      const evaluation = {
        ...{ step, epoch, testLoss: loss },
        ...(Number.isFinite(validated) ? { validationLoss: validated! } : {}),
      };
      writer.logEvaluation(evaluation);
      hooks.onEvaluation?.(evaluation);
    }
    if (validated !== null) {
      const found = { step, loss: validated, weights };
      state.validation = afterValidation(before!, found, { patience, steps });
    }
  });
  losses.restartClock();
}

/** Reads losses back (on a GPU late and in batches), logs them and checks that they are finite. */
class LossReader {
  readonly #session: Session;
  #pending: PendingStep[] = [];
  #sinceMs: number;

  constructor(session: Session) {
    this.#session = session;
    this.#sinceMs = session.clock();
  }

  add(step: PendingStep): void {
    this.#pending.push(step);
  }

  /** Whether to read now: immediately if free, else after some have accumulated. */
  areDue(): boolean {
    const { backend, clock } = this.#session;
    return backend.kind === "cpu" || this.#pending.length >= LATE_LOSSES ||
      clock() - this.#sinceMs >= LATE_MS;
  }

  /** Excludes time spent on anything but steps. */
  restartClock(): void {
    this.#sinceMs = this.#session.clock();
  }

  async collect(): Promise<void> {
    if (this.#pending.length === 0) return;
    const { plan, writer, backend, hooks, clock } = this.#session;
    const { config, steps, stepsPerEpoch } = plan;
    const [values, counts] = await Promise.all([
      Promise.all(this.#pending.map(({ loss }) => loss.data())),
      Promise.allSettled(this.#pending.map(({ nfe }) => nfe === null ? null : nfe())),
    ]);
    backend.check();
    const stepMs = (clock() - this.#sinceMs) / values.length;
    const entries = this.#pending.map(({ step, offset }, i) => {
      const count = counts[i]!;
      const nfe = count.status === "fulfilled" ? count.value : null;
      return { step, loss: values[i]![0]! + offset, stepMs, nfe };
    });
    this.dispose();
    const badIndex = entries.findIndex(({ loss }, i) =>
      !Number.isFinite(loss) || counts[i]!.status === "rejected"
    );
    const good = badIndex < 0 ? entries : entries.slice(0, badIndex);
    writer.logSteps(good);
    for (const { step, loss } of good) {
      hooks.onStep?.({
        step,
        steps,
        epoch: Math.ceil(step / stepsPerEpoch),
        epochs: Math.ceil(steps / stepsPerEpoch),
        loss,
        samplesPerSecond: config.batchSize * 1000 / stepMs,
      });
    }
    const bad = entries[badIndex];
    if (bad !== undefined) {
      const { step } = bad, count = counts[badIndex]!;
      if (count.status === "rejected") {
        throw atStep(count.reason, { step, done: step - 1, config });
      }
      throw new FailureError(
        `step ${bad.step}: the loss is ${bad.loss}; ${lowerRate(config)}; then ${
          option("clip")
        }, and look ` +
          "for NaN and very large values in the data; the last good checkpoint is kept",
      );
    }
    this.restartClock();
  }

  /** Disposes losses that were not read. */
  dispose(): void {
    for (const { loss } of this.#pending) loss.dispose();
    this.#pending = [];
  }
}
