import { BatchPace } from "../../../backends/batch_pace.ts";
import type { Gpu } from "../../../backends/gpu/mod.ts";
import { FailureError } from "../../../core/errors.ts";
import { option } from "../../../core/options/spelling.ts";
import { keyOf, subsequences } from "../../../core/random/subsequences.ts";
import { isStopAsked, Stopped } from "../../../core/stop.ts";
import { timeOf } from "../../../flows/losses/step_prediction.ts";
import type { SolveTuning } from "../../../ode/engines/gpu/plan.ts";
import { requireWholePullBacks } from "../../../ode/engines/gpu/pull_back/progress.ts";
import { requireSolved } from "../../../ode/solver/failure_message.ts";
import { solveSettingsOf } from "../../config/solve_settings.ts";
import { emaDecay } from "../../optimizer/ema.ts";
import { learningRate, type Schedule, scheduleOf } from "../../optimizer/schedule.ts";
import type { TrainedVectors } from "../../run/checkpoint.ts";
import type { TrainingPlan } from "../../training_plan.ts";
import { BatchRows } from "../batch_rows.ts";
import { atStep } from "../step_failure.ts";
import { lossOffset } from "../loss_offset.ts";
import type { TakenStep, Trainer } from "../trainer.ts";
import { DispatchForecast } from "./dispatch_forecast.ts";
import { type Figures, hasBit, MOST_STEPS, readFigures } from "./figures.ts";
import { StepRecorder } from "./step_recorder.ts";
import { stepTasks } from "./step_tasks.ts";

/** Time of a batch of steps. */
const BATCH_MS = 100;

/** A step whose figures may still be on the device. */
interface PendingStep {
  /** Steps taken before. */
  readonly step: number;
  /** From model units to the data's. */
  readonly offset: number;
  /** Null until they are known. */
  figures: Figures | null;
  /** Why it was not taken. */
  failure: unknown;
}

/** Recorded steps whose figures are on their way. */
interface StepRead {
  readonly first: number;
  readonly count: number;
  /** When their recording began. */
  readonly begunMs: number;
  readonly bytes: Promise<ArrayBuffer>;
}

/** Why a step was not taken; `other` is what its verdict says. */
type Fault = "cutShort" | "missing" | "other";

/** Figures of steps that were not carried out, or after one that failed: nobody asks for the latter. */
const lost: Figures = {
  ...{
    step: 0,
    loss: NaN,
    predictedSteps: NaN,
    nfe: 0,
    attempts: 0,
    prefixAttempts: 0,
    verdict: 0,
  },
};

function hasFailed(verdict: number): boolean {
  return hasBit(verdict, "failed") || hasBit(verdict, "failedPrefix");
}

/** Where a trainer begins and runs. */
export interface GpuTraining {
  /** The state from which training goes on. */
  readonly checkpoint: TrainedVectors;
  readonly gpu: Gpu;
  /** Milliseconds, from any origin. */
  readonly clock: () => number;
  /** Of the solves with the run's own steps; for tests. */
  readonly tuning?: SolveTuning;
}

/**
 * Training of a CNF whose steps never wait for the host: each is recorded and submitted whole, with as many
 * dispatches as its solves are expected to need. What became of the steps is read a batch late. From the first
 * step that went wrong the device changes no weights; if that step only lacked dispatches it is taken
 * again, with all after it, else it ends the run. So the weights are a function of config and data.
 *
 * @throws {RangeError} If `supportsGpuSteps` says no.
 * @throws {FailureError} If its buffers do not fit the device.
 */
export function gpuTrainer(plan: TrainingPlan, at: GpuTraining): Trainer {
  return new GpuTrainer(plan, at);
}

class GpuTrainer implements Trainer {
  readonly way = "device";
  readonly #plan: TrainingPlan;
  readonly #gpu: Gpu;
  readonly #clock: () => number;
  readonly #recorder: StepRecorder;
  readonly #hasPenalty: boolean;
  readonly #rows: BatchRows;
  readonly #schedule: Schedule;
  readonly #main: DispatchForecast;
  readonly #prefix: DispatchForecast;
  readonly #pace = new BatchPace({ most: MOST_STEPS, batchMs: BATCH_MS });
  /** Why no step is recorded any more: half of one is, which is not to be recorded twice, or some were discarded. */
  #refusal: { readonly error: unknown } | null = null;
  /** In order; their steps are the first of {@link #pending}. */
  #reads: StepRead[] = [];
  #pending: PendingStep[] = [];
  #settling: Promise<void> | null = null;

  constructor(plan: TrainingPlan, { checkpoint, gpu, clock, tuning }: GpuTraining) {
    const { config } = plan, { weights, ema, moments: { m, v } } = checkpoint;
    const tasks = stepTasks(plan);
    this.#plan = plan;
    this.#gpu = gpu;
    this.#clock = clock;
    this.#hasPenalty = tasks.penalty !== null;
    const average = config.ema === 0 ? null : ema ?? weights;
    this.#rows = new BatchRows(plan);
    this.#schedule = scheduleOf(config);
    // After all that may throw: it holds buffers.
    this.#recorder = new StepRecorder(gpu, tasks, { state: { weights, m, v, average }, tuning });
    const { control, maxSteps } = tasks.main;
    const { groups: { cap }, prefixCap } = this.#recorder;
    this.#main = new DispatchForecast({ cap, control, maxSteps });
    this.#prefix = new DispatchForecast({ cap: prefixCap, control, maxSteps });
  }

  async take(done: number, most: number): Promise<readonly TakenStep[]> {
    const { config } = this.#plan;
    const atNext = (error: unknown) => atStep(error, { step: done + 1, done, config });
    const requireNoRefusal = () => {
      if (this.#refusal !== null) throw atNext(this.#refusal.error);
    };
    requireNoRefusal();
    await this.#settleAllBut(1);
    while (this.#isBehind()) await this.#settleNext();
    requireNoRefusal();
    const begunMs = this.#clock(), wanted = Math.min(most, this.#pace.steps);
    const first = this.#pending.length;
    for (let i = 0; i < wanted; i++) {
      try {
        this.#pending.push(this.#record(done + i));
      } catch (error) {
        // The steps before it are taken; the next call meets the error.
        this.#refusal = { error };
        if (i === 0) throw atNext(error);
        break;
      }
    }
    const taken = this.#pending.slice(first);
    this.#startRead({ first: done, count: taken.length, begunMs });
    await this.#settleAllBut(1);
    return taken.map((step) => this.#taken(step));
  }

  /** Records and submits a step. */
  #record(step: number): PendingStep {
    const { config, standardization } = this.#plan;
    const { seed, clip, weightDecay, ema } = config;
    const { points, rows } = this.#rows.at(step);
    const lr = learningRate(this.#schedule, step), averageDecay = emaDecay(ema, step);
    this.#recorder.record({
      step,
      rows,
      probesKey: keyOf(subsequences.probes, seed, step),
      predictionTime: timeOf(step),
      adam: { step, lr, clip, weightDecay, averageDecay },
    }, { main: this.#main.count, prefix: this.#prefix.count });
    this.#gpu.submit();
    const offset = lossOffset({ kind: "cnf", standardization }, points);
    return { step, offset, figures: null, failure: null };
  }

  #startRead(steps: Omit<StepRead, "bytes">): void {
    const bytes = this.#gpu.read(this.#recorder.late);
    bytes.catch(() => {}); // rethrown where it is awaited; of a read that is dropped nothing is wanted
    this.#reads.push({ ...steps, bytes });
  }

  #taken(pending: PendingStep): TakenStep {
    const known = async () => {
      while (pending.figures === null) await this.#settleNext();
      return pending.figures;
    };
    const { groups } = this.#recorder.groups;
    return {
      step: pending.step + 1,
      isKnown: () => pending.figures !== null,
      loss: async () => (await known()).loss + pending.offset,
      nfe: async () => {
        const { nfe } = await known();
        if (pending.failure !== null) throw pending.failure;
        return nfe / groups;
      },
      energies: this.#hasPenalty
        ? async () => ({ predictedSteps: (await known()).predictedSteps })
        : null,
      dispose: () => {},
    };
  }

  /** Waits for the figures of the first batch that is on its way. */
  #settleNext(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => this.#settling = null);
    return this.#settling;
  }

  async #settle(): Promise<void> {
    const read = this.#reads[0];
    if (read === undefined) return;
    const late = readFigures(await read.bytes);
    this.#reads.shift();
    const end = read.first + read.count;
    for (let step = read.first; step < end; step++) {
      const figures = late.at(step);
      if (figures.step !== step + 1) return await this.#takeUp(lost, "missing");
      // A replay that was cut short is known after the step's figures are written.
      const after = step + 1 === end ? late.verdict : late.at(step + 1).verdict;
      const isCutShort = hasBit(after, "cutShort");
      if (figures.verdict !== 0 || isCutShort) {
        return await this.#takeUp(figures, isCutShort ? "cutShort" : "other");
      }
      this.#main.learn(figures.attempts);
      this.#prefix.learn(figures.prefixAttempts);
      this.#pending.shift()!.figures = figures;
    }
    this.#pace.settled(read, this.#clock());
    if (this.#reads.length === 0) this.#takeAgain(this.#pace.steps);
  }

  /** Whether some pending steps are still to be taken again. */
  #isBehind(): boolean {
    return this.#pending.length > this.#reads.reduce((sum, { count }) => sum + count, 0);
  }

  /** Goes on from the first step that changed no weights: takes it again, or makes it the last. */
  async #takeUp(figures: Figures, fault: Fault): Promise<void> {
    // The others hold steps after it.
    await Promise.allSettled(this.#reads.splice(0).map(({ bytes }) => bytes));
    const { verdict } = figures;
    // Before anything else that is wrong: only a solve that has ended says all that the CPU's would say.
    if (fault === "other" && this.#extend(verdict)) {
      // It may take long, and has changed no weights.
      if (isStopAsked()) {
        const error = new Stopped("asked to stop");
        this.#refusal = { error };
        return this.#giveUp(lost, error);
      }
      return this.#takeAgain(1);
    }
    const { predictedSteps } = figures;
    this.#giveUp({
      ...figures,
      predictedSteps: hasBit(verdict, "penaltyNotFinite") ? NaN : predictedSteps,
    }, await this.#failureOf(verdict, fault));
  }

  /**
   * Records so many pending steps again: the one that went wrong alone, since the device hears of nothing else until
   * it and all recorded after it are done, and each may take as long.
   */
  #takeAgain(most: number): void {
    const begunMs = this.#clock(), steps = this.#pending.slice(0, most);
    if (steps.length === 0) return;
    try {
      this.#gpu.clear(this.#recorder.late);
      for (const pending of steps) Object.assign(pending, this.#record(pending.step));
      this.#startRead({ first: steps[0]!.step, count: steps.length, begunMs });
    } catch (error) {
      this.#giveUp(lost, error);
    }
  }

  /** Makes the first pending step the last one. */
  #giveUp(figures: Figures, failure: unknown): void {
    const [last, ...others] = this.#pending.splice(0);
    last!.failure = failure;
    last!.figures = figures;
    for (const other of others) other.figures = lost;
  }

  /** Gives the solves that lacked dispatches more of them; false if none did, or they have all that they may need. */
  #extend(verdict: number): boolean {
    const lacking = [
      ...(hasBit(verdict, "unfinished") ? [this.#main] : []),
      ...(hasBit(verdict, "unfinishedPrefix") ? [this.#prefix] : []),
    ];
    return lacking.length > 0 && lacking.every((forecast) => forecast.double());
  }

  /** Why a step ends the run; null if its figures say it. */
  async #failureOf(verdict: number, fault: Fault): Promise<unknown> {
    try {
      if (fault === "cutShort") await requireWholePullBacks(this.#gpu);
      else if (hasFailed(verdict)) await this.#requireSolved(verdict);
      else if (hasBit(verdict, "lossNotFinite") || hasBit(verdict, "penaltyNotFinite")) return null;
    } catch (error) {
      return error;
    }
    return new FailureError(
      `the GPU has not carried out a training step; use ${option("backend", "cpu")}`,
    );
  }

  /** @throws {FailureError} With the groups of the first solve that failed. */
  async #requireSolved(verdict: number): Promise<void> {
    const reports = await this.#recorder.readFailures(verdict);
    const settings = solveSettingsOf(this.#plan.config);
    requireSolved(reports, { ...settings, maxStepsOption: "maxSteps" });
  }

  /** Waits until so many reads at most are on their way. */
  async #settleAllBut(reads: number): Promise<void> {
    while (this.#reads.length > reads) await this.#settleNext();
  }

  async #numbers(part: "weights" | "m" | "v"): Promise<Float32Array> {
    return new Float32Array(await this.#gpu.read(this.#recorder.state[part]));
  }

  async #average(): Promise<Float32Array | null> {
    const { average } = this.#recorder.state;
    return average === null ? null : new Float32Array(await this.#gpu.read(average));
  }

  async read(): Promise<TrainedVectors> {
    await this.#settleAllBut(0);
    const [weights, m, v, ema] = await Promise.all([
      ...[this.#numbers("weights"), this.#numbers("m"), this.#numbers("v")] as const,
      this.#average(),
    ]);
    return { weights, ema, moments: { m, v } };
  }

  async sampledWeights(): Promise<Float32Array> {
    await this.#settleAllBut(0);
    return await this.#average() ?? await this.#numbers("weights");
  }

  dispose(): void {
    this.#recorder.dispose();
  }
}
