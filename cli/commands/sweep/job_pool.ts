import type { ModelName } from "@fluxion/fluxion/options";
import { jobWorkerName } from "../../process/job_worker_name.ts";
import type { TrainFlags } from "../train/flags.ts";
import type { JobEnd, JobMessage, JobOrder } from "./job_messages.ts";

/** A run to train. */
export interface Job {
  readonly name: string;
  readonly flags: TrainFlags;
}

/** Callbacks of {@link runJobs}. */
export interface JobHooks {
  onProgress(job: Job, step: number, steps: number): void;
  onEnd(job: Job, end: JobEnd): void;
}

/**
 * Trains runs in workers, `workers` at a time. A worker has its own engine and backend, and needs
 * no permission beyond the program's.
 *
 * @param options.signal When aborted, the runs in progress write their checkpoints and end as
 *   interrupted; no others are started.
 */
export async function runJobs(
  jobs: readonly Job[],
  { model, workers, signal, hooks }: {
    readonly model: ModelName;
    readonly workers: number;
    readonly signal: AbortSignal;
    readonly hooks: JobHooks;
  },
): Promise<void> {
  const queue = jobs.values();
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, async () => {
    let worker: JobWorker | null = null;
    try {
      for (const job of queue) {
        if (signal.aborted) return;
        worker ??= new JobWorker(signal);
        const end = await worker.train(
          { kind: "train", model, flags: job.flags },
          (step, steps) => hooks.onProgress(job, step, steps),
        );
        hooks.onEnd(job, end);
        // Whatever a failure left in the worker's memory goes with it.
        if (end.kind !== "failed") continue;
        worker.close();
        worker = null;
      }
    } finally {
      worker?.close();
    }
  }));
}

/** A worker that trains one run at a time. Must be closed. */
class JobWorker {
  readonly #worker = new Worker(Deno.mainModule, { type: "module", name: jobWorkerName });
  readonly #ready = Promise.withResolvers<void>();
  readonly #signal: AbortSignal;
  #stopWord: Int32Array | null = null;
  #ended: ((end: JobEnd) => void) | null = null;
  #progress: ((step: number, steps: number) => void) | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#worker.onmessage = ({ data }: MessageEvent<JobMessage>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#ready.resolve();
      this.#ended?.({
        kind: "failed",
        message: `its worker ended: ${event.message}`,
        exitCode: 1,
      });
    };
    signal.addEventListener("abort", this.#stop);
  }

  async train(order: JobOrder, onProgress: (step: number, steps: number) => void): Promise<JobEnd> {
    const { promise, resolve } = Promise.withResolvers<JobEnd>();
    this.#ended = resolve;
    this.#progress = onProgress;
    await this.#ready.promise;
    if (this.#signal.aborted) return { kind: "interrupted" };
    this.#worker.postMessage(order);
    return await promise;
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#stop);
    this.#worker.terminate();
  }

  #hear(message: JobMessage): void {
    switch (message.kind) {
      case "ready":
        this.#stopWord = message.stopWord;
        return this.#ready.resolve();
      case "progress":
        return this.#progress?.(message.step, message.steps);
      case "finished":
      case "interrupted":
      case "failed":
        return this.#ended?.(message);
      default:
        message satisfies never;
    }
  }

  /** Its thread may be in one call for long, so its computations are stopped through shared memory. */
  readonly #stop = () => {
    if (this.#stopWord !== null) Atomics.store(this.#stopWord, 0, 1);
    this.#worker.postMessage({ kind: "stop" } satisfies JobOrder);
  };
}
