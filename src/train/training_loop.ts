import { namedNetworks } from "../nn/named_networks.ts";
import * as tf from "@tensorflow/tfjs";
import type { Loss, LossAndGradient } from "../flows/losses/loss.ts";
import { logScaleSum, toModel } from "../flows/standardization.ts";
import type { Engines } from "../ode/engines/engines.ts";
import type { Backend } from "../backends/backend.ts";
import { FailureError, OutOfMemoryError } from "../core/errors.ts";
import { isStopAsked, settleStop, Stopped } from "../core/stop.ts";
import { BatchOrder, datasetWidth, readRows } from "./batches.ts";
import { option } from "../core/options/spelling.ts";
import type { TrainConfig } from "./options/table.ts";
import { testLoss } from "./evaluation.ts";
import type { TrainHooks } from "./hooks.ts";
import type { Learner } from "./optimizer/learner.ts";
import type { RunWriter } from "./run/run_writer.ts";
import type { TrainingPlan } from "./training_plan.ts";

/**
 * How many losses wait on a GPU before they are read: a read-back costs 12 ms
 * whatever its size, and eight awaited together cost as much as one.
 */
const LATE_LOSSES = 8;

/** No loss waits longer: on a slow device a person wants to see that something happens. */
const LATE_MS = 1000;

/**
 * The event loop turns at least so often: on the CPU everything that a step awaits is
 * ready at once, and an aborted signal would not be heard before the next checkpoint.
 */
const TURN_MS = 50;

/** A session of training, ready to go. */
export interface Session {
  /** The run's folder. */
  readonly run: string;
  readonly plan: TrainingPlan;
  /** Stands at `firstStep`. */
  readonly learner: Learner;
  /** Steps done before. */
  readonly firstStep: number;
  /** What is descended. */
  readonly loss: Loss;
  readonly engines: Engines;
  readonly backend: Backend;
  readonly writer: RunWriter;
  readonly hooks: TrainHooks;
  /**
   * Aborted: the step at hand is finished, the checkpoint written, and the loop ends. Where the
   * process is asked to stop (stop.ts), the step at hand is given up instead.
   */
  readonly signal: AbortSignal | null;
  /** Milliseconds, from any origin. */
  readonly clock: () => number;
}

/** How a session ended, after how many steps of the run. */
export interface SessionEnd {
  readonly kind: "finished" | "interrupted";
  readonly step: number;
}

/** A step whose figures are still on the device. */
interface PendingStep extends Pick<LossAndGradient, "loss" | "nfe"> {
  readonly step: number;
}

/**
 * Trains until the run is finished or it is asked to stop. A checkpoint stands at the end of both.
 *
 * @throws {FailureError} If a loss is NaN or infinite, a solve cannot go on, or the disk
 *   is full. The last checkpoint is whole and from before.
 */
export async function trainingLoop(session: Session): Promise<SessionEnd> {
  const { plan, learner, writer, signal, clock } = session;
  const { config, dataset, steps } = plan;
  const order = new BatchOrder({
    seed: config.seed,
    count: dataset.train.count,
    batchSize: config.batchSize,
  });
  const losses = new LossReader(session);
  let step = session.firstStep;
  let savedMs = clock(), turnedMs = savedMs;
  // A checkpoint goes to the disk while the next steps are taken; one at a time.
  let saving = Promise.resolve();
  const save = async () => {
    await losses.collect();
    const checkpoint = await learner.read(step);
    await saving;
    saving = writer.save(checkpoint);
    saving.catch(() => {}); // thrown where it is awaited
    savedMs = clock();
    losses.restartClock();
  };
  const isStopped = () => (signal?.aborted ?? false) || isStopAsked();
  const goOn = async (): Promise<SessionEnd> => {
    // What an interrupted session left undone, or all there is to do in a run of no steps.
    if (step > 0 || steps === 0) await milestone(session, step, losses);
    if (step >= steps) await save();
    while (step < steps) {
      if (isStopped()) return { kind: "interrupted", step };
      const { loss, nfe } = await takeStep(session, step, order.indices(step));
      step++;
      losses.add({ step, loss, nfe });
      if (losses.areDue()) await losses.collect();
      if (clock() - turnedMs >= TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        turnedMs = clock();
      }
      if (isStopped()) return { kind: "interrupted", step };
      await milestone(session, step, losses);
      if (step === steps || clock() - savedMs >= config.saveSeconds * 1000) await save();
    }
    return { kind: "finished", step };
  };
  try {
    const end = await goOn().catch((error): SessionEnd => {
      // The weights are those of the last step: it was given up before they were touched.
      if (error instanceof Stopped) return { kind: "interrupted", step };
      throw error;
    });
    if (end.kind === "interrupted") {
      settleStop();
      await save();
    }
    return end;
  } finally {
    losses.dispose();
    await saving;
  }
}

/** One step of training; the loss is the caller's. */
async function takeStep(
  { plan, learner, loss }: Session,
  step: number,
  indices: Uint32Array,
): Promise<Pick<PendingStep, "loss" | "nfe">> {
  const { config, dataset } = plan;
  const rows = toModel(learner.model.standardization, readRows(dataset, "train", indices));
  let batch: tf.Tensor2D | null = null, taken: LossAndGradient | null = null;
  try {
    batch = tf.tensor2d(rows, [indices.length, datasetWidth(dataset)]);
    taken = await loss.lossAndGradient(learner.model, batch, { seed: config.seed, step });
    learner.update(taken.gradient, step);
    return taken;
  } catch (error) {
    taken?.loss.dispose();
    throw atStep(error, { step: step + 1, done: step, config });
  } finally {
    batch?.dispose();
    taken?.gradient.dispose();
  }
}

/** What to try first where training diverges after its first step: too high a rate is its usual cause. */
function lowerRate({ lr }: TrainConfig): string {
  return `try a ${option("lr")} below ${lr} first, for the weights may have run away`;
}

/** The options that make a step's memory smaller. */
function smallerOptions({ net }: TrainConfig): string[] {
  const width = net && namedNetworks[net].options[0];
  return ["batchSize", ...(width === undefined ? [] : [width])].map((name) => option(name));
}

/** A failure of `step`, or of what follows it, after `done` whole ones: with its number and what to try. */
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
  return new FailureError(`step ${step}: ${words}; the last checkpoint stays`, { cause: error });
}

/** Evaluates and has pictures drawn, where `step` steps done are a time for it. */
async function milestone(session: Session, step: number, losses: LossReader): Promise<void> {
  const { run, plan, learner, engines, writer, hooks } = session;
  const { config, dataset, stepsPerEpoch, steps } = plan;
  const isDue = (epochs: number) =>
    step >= steps || (epochs > 0 && step % (epochs * stepsPerEpoch) === 0);
  const evaluates = isDue(config.evalEvery) && !writer.hasEvaluation(step);
  const epoch = Math.ceil(step / stepsPerEpoch);
  const draws = isDue(config.sampleEvery) && hooks.onPictures !== undefined &&
    !(await hooks.hasPictures?.({ run, step, epoch }) ?? false);
  if (!evaluates && !draws) return;
  await losses.collect();
  try {
    await learner.withSampledModel(async (model) => {
      const loss = evaluates ? await testLoss(model, engines, plan) : null;
      if (loss !== null) {
        const evaluation = { step, epoch, testLoss: loss };
        writer.logEvaluation(evaluation);
        hooks.onEvaluation?.(evaluation);
      }
      if (draws) await hooks.onPictures!({ run, step, epoch, config, dataset, model, engines });
    });
  } catch (error) {
    throw atStep(error, { step, done: step, config });
  }
  losses.restartClock();
}

/** Reads losses back, on a GPU several at once and late; logs them and looks whether they are finite. */
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

  /** Whether to read now: at once where that is free, else when some have gathered. */
  areDue(): boolean {
    const { backend, clock } = this.#session;
    return backend.kind === "cpu" || this.#pending.length >= LATE_LOSSES ||
      clock() - this.#sinceMs >= LATE_MS;
  }

  /** Time that went to something else than steps is not counted as theirs. */
  restartClock(): void {
    this.#sinceMs = this.#session.clock();
  }

  async collect(): Promise<void> {
    if (this.#pending.length === 0) return;
    const { plan, learner, writer, backend, hooks, clock } = this.#session;
    const { config, steps, stepsPerEpoch } = plan;
    const [values, counts] = await Promise.all([
      Promise.all(this.#pending.map(({ loss }) => loss.data())),
      Promise.allSettled(this.#pending.map(({ nfe }) => nfe === null ? null : nfe())),
    ]);
    backend.check();
    const stepMs = (clock() - this.#sinceMs) / values.length;
    // A CNF's loss is a likelihood, which has the data's units; a squared error has those of z.
    const logScale = config.model === "cnf" ? logScaleSum(learner.model.standardization) : 0;
    const entries = this.#pending.map(({ step }, i) => {
      const count = counts[i]!;
      const nfe = count.status === "fulfilled" ? count.value : null;
      return { step, loss: values[i]![0]! + logScale, stepMs, nfe };
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
          "for NaN and very large values in the data; the last good checkpoint stays",
      );
    }
    this.restartClock();
  }

  /** Gives back the losses that nobody read. */
  dispose(): void {
    for (const { loss } of this.#pending) loss.dispose();
    this.#pending = [];
  }
}
