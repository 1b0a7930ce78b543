import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import type { BackendKind } from "../../backends/backend.ts";
import { peakMemoryBytes } from "../../core/peak_memory.ts";
import { type Checkpoint, chosenWeights, encodeCheckpoint } from "./checkpoint.ts";
import type { RunConfig, TableFields } from "./load_run.ts";
import { runFile } from "./run_folder.ts";
import { logMetrics, type RunMetrics } from "./run_metrics.ts";
import { hasStopped } from "../validation/validation_state.ts";
import { encodeStateDict } from "../weights/state_dict.ts";
import {
  type EvaluationEntry,
  LogWriter,
  type StepEntry,
  type TrainingLog,
} from "./training_log.ts";

/** Inputs of {@link RunWriter}. */
export interface SessionStart extends Omit<RunConfig, TableFields> {
  readonly backend: BackendKind | null;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Number of engine threads. */
  readonly threads: number;
  /** Numbers of rows, for the metrics; null where there are none. */
  readonly rows: Pick<RunMetrics, "testRows" | "validationRows">;
  /** Log of earlier sessions, truncated to the checkpoint. */
  readonly log: TrainingLog;
  /** `metrics.json` of earlier sessions; null if there is none. */
  readonly metrics: RunMetrics | null;
  /** Milliseconds, from any origin. */
  readonly clock: () => number;
  /** When the session began, by `clock`. */
  readonly startedMs: number;
}

/** Writes a run's log, checkpoints and metrics. Must be disposed. */
export class RunWriter implements Disposable {
  readonly #run: string;
  readonly #start: SessionStart;
  readonly #writer: LogWriter;
  readonly #steps: StepEntry[];
  readonly #evaluations: EvaluationEntry[];

  private constructor(run: string, start: SessionStart, writer: LogWriter) {
    this.#run = run;
    this.#start = start;
    this.#writer = writer;
    this.#steps = [...start.log.steps];
    this.#evaluations = [...start.log.evaluations];
  }

  static async open(run: string, start: SessionStart): Promise<RunWriter> {
    return new RunWriter(run, start, await LogWriter.open(runFile(run, "log")));
  }

  /**
   * Appends training steps to the log.
   *
   * @throws {FailureError} If the log cannot be written.
   */
  logSteps(entries: readonly StepEntry[]): void {
    this.#steps.push(...entries);
    this.#writer.append(entries);
  }

  /**
   * Appends an evaluation to the log.
   *
   * @throws {FailureError} If the log cannot be written.
   */
  logEvaluation(entry: EvaluationEntry): void {
    this.#evaluations.push(entry);
    this.#writer.append([entry]);
  }

  /** Whether the log has an evaluation after training step `step`. */
  hasEvaluation(step: number): boolean {
    return this.#evaluations.some((entry) => entry.step === step);
  }

  /** The run's metrics at a checkpoint. */
  metrics({ step: steps, validation }: Pick<Checkpoint, "step" | "validation">): RunMetrics {
    const { config, backend, totalSteps, threads, rows, metrics, clock, startedMs } = this.#start;
    const peaks = [metrics?.peakMemoryBytes ?? null, peakMemoryBytes()].filter((peak) =>
      peak !== null
    );
    return {
      model: config.model,
      data: config.data,
      backend,
      seed: config.seed,
      steps,
      totalSteps,
      ...logMetrics({ steps: this.#steps, evaluations: this.#evaluations }),
      ...rows,
      stoppedEarly: hasStopped(validation ?? null),
      threads,
      seconds: (metrics?.seconds ?? 0) + (clock() - startedMs) / 1000,
      peakMemoryBytes: peaks.length > 0 ? Math.max(...peaks) : null,
    };
  }

  /**
   * Writes the checkpoint, `model.safetensors` and `metrics.json`, each atomically. Their contents
   * are fixed at the call, so training may continue meanwhile. The log is flushed first, so that it
   * never ends before the checkpoint.
   *
   * @throws {FailureError} If the disk is full; each file is then either the old or the new one.
   */
  async save(checkpoint: Checkpoint): Promise<void> {
    const { network } = this.#start;
    this.#writer.sync();
    const contents = {
      checkpoint: encodeCheckpoint(network, checkpoint),
      model: encodeModel(this.#start, checkpoint),
      metrics: encodeMetrics(this.metrics(checkpoint)),
    };
    for (const file of ["checkpoint", "model", "metrics"] as const) {
      await writeFileAtomic(runFile(this.#run, file), contents[file]);
    }
  }

  /**
   * Writes `metrics.json` of the last checkpoint again, with the time until now.
   *
   * @throws {FailureError} If the disk is full; the file is then the old one.
   */
  async saveMetrics(checkpoint: Pick<Checkpoint, "step" | "validation">): Promise<RunMetrics> {
    const metrics = this.metrics(checkpoint);
    await writeFileAtomic(runFile(this.#run, "metrics"), encodeMetrics(metrics));
    return metrics;
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }
}

function encodeMetrics(metrics: RunMetrics): string {
  return `${JSON.stringify(metrics, null, 2)}\n`;
}

/** Encodes the `model.safetensors` that belongs to a checkpoint. */
export function encodeModel(
  { network, standardization }: Pick<RunConfig, "network" | "standardization">,
  checkpoint: Checkpoint,
): Uint8Array {
  const { step } = checkpoint;
  return encodeStateDict(network, chosenWeights(checkpoint), { step, standardization });
}
