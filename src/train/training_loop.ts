import { setImmediate } from "node:timers";
import type { FlowModel } from "../flows/model.ts";
import { RegressionCache } from "../flows/regression/regression_losses.ts";
import type { Engines } from "../ode/engines/engines.ts";
import type { Backend } from "../backends/backend.ts";
import { deviceFailure } from "../backends/open_backend.ts";
import { DeviceError, FailureError, OutOfMemoryError } from "../core/errors.ts";
import { clearStop, isStopAsked, Stopped } from "../core/stop.ts";
import { option } from "../core/options/spelling.ts";
import { testLoss } from "./evaluation.ts";
import { intervalSteps, validationSteps } from "./intervals.ts";
import {
  afterValidation,
  hasStopped,
  improves,
  type ValidationState,
} from "./validation/validation_state.ts";
import { validationLoss } from "./validation/validation_loss.ts";
import type { TrainHooks } from "./hooks.ts";
import { namesOf } from "./config/flow_values.ts";
import type { Checkpoint } from "./run/checkpoint.ts";
import { modelOf } from "./run/load_run.ts";
import type { RunWriter } from "./run/run_writer.ts";
import type { StepEntry } from "./run/training_log.ts";
import { atStep, lowerRate, requireFinite } from "./steps/step_failure.ts";
import { lateLosses } from "./steps/late_losses.ts";
import type { TakenStep, Trainer } from "./steps/trainer.ts";
import type { TrainingPlan } from "./training_plan.ts";

/** Maximum delay of a loss, so that a slow device still shows progress. */
const LATE_MS = 1000;

/**
 * Maximum time between turns of the event loop: on the CPU everything awaited in a step is ready
 * at once, and without a turn an abort would go unnoticed until the next checkpoint. A turn by
 * `setTimeout` takes 2 ms, in which the threads wait.
 */
const TURN_MS = 50;

/** Inputs of {@link trainingLoop}. */
export interface Session {
  /** The run's folder. */
  readonly run: string;
  readonly plan: TrainingPlan;
  /** Steps done and validations before this session. */
  readonly start: Pick<Checkpoint, "step" | "validation">;
  /** With the state after those steps. */
  readonly trainer: Trainer;
  /** Whether the test loss is evaluated before the first step too. */
  readonly evaluatesUntrained: boolean;
  readonly engines: Engines;
  readonly backend: Backend;
  readonly writer: RunWriter;
  readonly hooks: TrainHooks;
  /**
   * When aborted, the trainer's current call completes, a checkpoint is written and the loop ends. If
   * the process is asked to stop (stop.ts), the current step is discarded instead.
   */
  readonly signal: AbortSignal | null;
  /** Milliseconds, from any origin. */
  readonly clock: () => number;
}

/** A session that runs. */
interface Running extends Session {
  readonly kept: RegressionCache;
  /** Validations so far; null if the run has no validation rows. */
  validation: ValidationState | null;
}

/** How a session ended; the steps of the run done by then and its validations. */
export interface SessionEnd extends Pick<Checkpoint, "step" | "validation"> {
  readonly kind: "finished" | "interrupted";
}

/**
 * Trains until the run is finished or asked to stop, and writes a checkpoint in both cases.
 *
 * @throws {FailureError} If a loss, a weight or a moment is NaN or infinite, a solve fails or the disk is
 *   full. The last checkpoint, from before the failure, is intact.
 */
export async function trainingLoop(given: Session): Promise<SessionEnd> {
  using kept = new RegressionCache();
  const session: Running = { ...given, kept, validation: given.start.validation ?? null };
  const { plan, trainer, writer, signal, clock } = session;
  const { config, steps } = plan;
  const losses = new LossReader(session);
  const validated = () => session.validation === null ? {} : { validation: session.validation };
  let { step } = session.start;
  let savedMs = clock(), turnedMs = savedMs;
  // Checkpoints are written during the following steps, one at a time.
  let saving = Promise.resolve();
  const save = async () => {
    await losses.collect();
    const trained = await trainer.read();
    const checkpoint = { step, seed: config.seed, ...trained, ...validated() };
    requireFinite(checkpoint, config);
    session.backend.check();
    await saving;
    saving = writer.save(checkpoint);
    saving.catch(() => {}); // rethrown where it is awaited
    savedMs = clock();
    losses.restartClock();
  };
  /** The error that ends the run; a device's says at which step, also where a checkpoint or losses are read. */
  const endedBy = async (error: unknown): Promise<unknown> => {
    const isOfDevice = error instanceof DeviceError || error instanceof OutOfMemoryError;
    if (error instanceof FailureError && !isOfDevice) return error;
    const failure = isOfDevice || session.backend.kind === "cpu" ? null : await deviceFailure();
    return atStep(failure ?? error, { step: Math.min(step + 1, steps), done: step, config });
  };
  const isStopped = () => (signal?.aborted ?? false) || isStopAsked();
  const goOn = async (): Promise<SessionEnd["kind"]> => {
    // Catch up on what an interrupted session left undone; all there is to do in a run of no steps.
    if (step > 0 || steps === 0) await milestone(session, step, losses);
    else if (session.evaluatesUntrained) {
      await evaluateIfDue(session, { step, epoch: 0 }, losses);
    }
    if (step >= steps || hasStopped(session.validation)) await save();
    while (step < steps && !hasStopped(session.validation)) {
      if (isStopped()) return "interrupted";
      const taken = await trainer.take(step, stepsUntilDue(session, step));
      step += taken.length;
      losses.add(taken);
      await losses.collectDue();
      if (clock() - turnedMs >= TURN_MS) {
        await new Promise<void>((resolve) => setImmediate(() => resolve()));
        turnedMs = clock();
      }
      if (isStopped()) return "interrupted";
      await milestone(session, step, losses);
      const isEnd = step === steps || hasStopped(session.validation);
      if (isEnd || clock() - savedMs >= config.saveSeconds * 1000) await save();
    }
    return "finished";
  };
  try {
    const kind = await goOn().catch(async (error): Promise<SessionEnd["kind"]> => {
      // The step was discarded before it changed the weights, so they are the last step's.
      if (error instanceof Stopped) return "interrupted";
      throw await endedBy(error);
    });
    if (kind === "interrupted") {
      const failing = async (error: unknown) => {
        throw await endedBy(error);
      };
      step = await losses.keptOf(step).catch(failing).finally(clearStop);
      await save().catch(failing);
    }
    return { kind, step, ...validated() };
  } finally {
    losses.dispose();
    await saving;
  }
}

/** Steps that may be taken before something is due: an evaluation, pictures or a checkpoint. */
function stepsUntilDue({ plan, validation }: Running, step: number): number {
  const { config, steps, stepsPerEpoch } = plan;
  if (config.saveSeconds === 0) return 1;
  const intervals = [
    intervalSteps(config.evalEvery, stepsPerEpoch),
    intervalSteps(config.sampleEvery, stepsPerEpoch),
    ...(validation === null ? [] : [validationSteps(config.evalEvery, stepsPerEpoch)]),
  ];
  const until = intervals.filter((interval) => interval > 0)
    .map((interval) => interval - step % interval);
  return Math.min(steps - step, ...until);
}

/** Evaluates, validates and draws pictures if they are due after `step` steps. */
async function milestone(session: Running, step: number, losses: LossReader): Promise<void> {
  const { run, plan, engines, hooks } = session;
  const { config, dataset, stepsPerEpoch, steps } = plan;
  const epoch = Math.ceil(step / stepsPerEpoch);
  await evaluateIfDue(session, { step, epoch }, losses);
  const isEnd = step >= steps || hasStopped(session.validation);
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
  { plan, trainer, backend }: Session,
  step: number,
  use: (model: FlowModel) => Promise<void>,
): Promise<void> {
  try {
    const { values } = plan, weights = await trainer.sampledWeights();
    const model = modelOf({ ...plan, flowValues: namesOf(values) }, weights, values);
    try {
      await use(model);
    } finally {
      model.parameters.dispose();
    }
    backend.check();
  } catch (error) {
    throw atStep(error, { step, done: step, config: plan.config });
  }
}

function isMultiple(step: number, interval: number): boolean {
  return interval > 0 && step % interval === 0;
}

/** Computes and logs the test loss and the validation loss where they are due and not known yet. */
async function evaluateIfDue(
  session: Running,
  { step, epoch }: { readonly step: number; readonly epoch: number },
  losses: LossReader,
): Promise<void> {
  const { plan, trainer, engines, writer, hooks } = session;
  const { config: { evalEvery, patience = 0 }, stepsPerEpoch, steps } = plan;
  const isDue = (interval: number) => step >= steps || isMultiple(step, interval);
  const isLogged = writer.hasEvaluation(step);
  const evaluates = isDue(intervalSteps(evalEvery, stepsPerEpoch)) && !isLogged;
  const before = session.validation;
  const validates = before !== null && before.step < step &&
    isDue(validationSteps(evalEvery, stepsPerEpoch));
  if (!evaluates && !validates) return;
  await losses.collect();
  await withModelAt(session, step, async (model) => {
    const evaluated = { ...plan, way: trainer.way, kept: session.kept };
    const loss = evaluates ? await testLoss(model, engines, evaluated) : null;
    const validated = validates ? await validationLoss(model, engines, evaluated) : null;
    session.backend.check();
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
      session.validation = afterValidation(before!, found, { patience, steps });
    }
  });
  losses.restartClock();
}

/** What is not finite in a step's figures. */
function whatIsBad({ loss, kinetic, jacobian, predictedSteps = 0 }: StepEntry): string {
  if (!Number.isFinite(loss)) return `the loss is ${loss}`;
  return Number.isFinite(predictedSteps)
    ? `the energies that it penalises are ${kinetic} and ${jacobian}`
    : `the number of steps that it penalises is ${predictedSteps}`;
}

/** Reads losses back (on a GPU late and in batches), logs them and checks that they are finite. */
class LossReader {
  readonly #session: Session;
  #pending: TakenStep[] = [];
  #sinceMs: number;
  /** Steps added since the last read, and time per step up to it. */
  #added = 0;
  #stepMs = 0;
  /** The first step that was discarded after it was taken; null if none was. */
  #discarded: number | null = null;
  /** Number of losses to accumulate; one before a step was timed. */
  #most = 1;

  constructor(session: Session) {
    this.#session = session;
    this.#sinceMs = session.clock();
  }

  add(steps: readonly TakenStep[]): void {
    this.#pending.push(...steps);
    this.#added += steps.length;
  }

  /** Reads those whose turn it is: known ones at once, those on a device after some have accumulated. */
  async collectDue(): Promise<void> {
    await this.#collect(this.#due());
  }

  /** The number of steps to read now. */
  #due(): number {
    const { backend, clock } = this.#session, pending = this.#pending;
    if (pending[0]?.isKnown !== undefined) {
      const unknown = pending.findIndex(({ isKnown }) => !(isKnown?.() ?? true));
      return unknown < 0 ? pending.length : unknown;
    }
    const areDue = backend.kind === "cpu" || pending.length >= this.#most ||
      clock() - this.#sinceMs >= LATE_MS;
    return areDue ? pending.length : 0;
  }

  /** Excludes time spent on anything but steps. */
  restartClock(): void {
    this.#sinceMs = this.#session.clock();
  }

  /** Reads all. */
  async collect(): Promise<void> {
    await this.#collect(this.#pending.length);
  }

  async #collect(count: number): Promise<void> {
    if (count === 0) return;
    const read = this.#pending.slice(0, count);
    const { plan, writer, backend, hooks, clock } = this.#session;
    const { config, steps, stepsPerEpoch } = plan;
    const [values, energies, counts] = await Promise.all([
      Promise.all(read.map(({ loss }) => loss())),
      Promise.all(read.map(({ energies }) => energies === null ? {} : energies())),
      Promise.allSettled(read.map(({ nfe }) => nfe === null ? null : nfe())),
    ]);
    backend.check();
    // The time was spent on the steps added since: those read now may be of before.
    if (this.#added > 0) this.#stepMs = (clock() - this.#sinceMs) / this.#added;
    this.#added = 0;
    const stepMs = this.#stepMs;
    this.#most = lateLosses(stepMs);
    const entries = read.map(({ step }, i): StepEntry => {
      const count = counts[i]!;
      const nfe = count.status === "fulfilled" ? count.value : null;
      return { step, loss: values[i]!, stepMs, nfe, ...energies[i] };
    });
    for (const step of this.#pending.splice(0, count)) step.dispose();
    const badIndex = entries.findIndex((
      { loss, kinetic = 0, jacobian = 0, predictedSteps = 0 },
      i,
    ) =>
      !Number.isFinite(loss + kinetic + jacobian + predictedSteps) ||
      counts[i]!.status === "rejected"
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
        if (count.reason instanceof Stopped) this.#discarded = step;
        throw atStep(count.reason, { step, done: step - 1, config });
      }
      throw new FailureError(
        `step ${bad.step}: ${whatIsBad(bad)}; ${lowerRate(config)}; then ${
          option("clip")
        }, and look ` +
          "for NaN and very large values in the data; the last good checkpoint is kept",
      );
    }
    this.restartClock();
  }

  /**
   * Reads all after a stop, up to the first step that was discarded for it.
   *
   * @param step Steps that were taken.
   * @returns Those that were not discarded.
   */
  async keptOf(step: number): Promise<number> {
    try {
      await this.collect();
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    return this.#discarded === null ? step : this.#discarded - 1;
  }

  /** Disposes losses that were not read. */
  dispose(): void {
    for (const step of this.#pending) step.dispose();
    this.#pending = [];
  }
}
