import { FailureError } from "../errors.ts";
import {
  BOARD_BYTES,
  instantiateAll,
  type Kernel,
  kernelBoard,
  type KernelWorkerStart,
  MOST_TASKS,
  takeTask,
  TASK_NUMBERS,
  words,
} from "./kernel_words.ts";
import source from "./kernel_entry.bundle.txt" with { type: "text" };

/** How long the program watches for its workers' last tasks before it sleeps. */
const WATCH_MS = 0.05;
const LOOKS = 100;
/** A sleep's length at most; a worker that ends a round wakes the program. */
const SLEEP_MS = 10;

/** Memory that each thread has to itself. */
export interface ThreadScratch {
  /** Address of the first thread's. */
  readonly at: number;
  /** Bytes of each thread. */
  readonly bytes: number;
}

/** Makes a worker: `Worker` of node:worker_threads, which the caller imports only where it is needed. */
export type WorkerConstructor = typeof import("node:worker_threads").Worker;

/**
 * Kernels on one shared memory, called by the program and by workers at once. A call waits until
 * all is done: a kernel of tfjs is synchronous.
 *
 * Workers start with the first round that has work for them and join when they are up; they
 * stay awake for a short while between rounds, then sleep, and do not keep the program alive.
 * Who performs a call is left to chance, so that calls of a round must not depend on that.
 */
export class KernelCrew {
  /** The program's own instances. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  readonly #start: Omit<KernelWorkerStart, "index">;
  readonly #worker: WorkerConstructor | null;
  readonly #board;
  readonly #functions: readonly Kernel[];
  readonly #numbers: ReadonlyMap<string, number>;
  #threads = 1;
  #workers = 0;
  #round = 0;
  #failure: string | null = null;

  /**
   * @param modules Of functions that import nothing but `env.memory`.
   * @param memory A shared one, unless there are to be no workers.
   * @param worker Null: the program is alone.
   */
  constructor(
    modules: readonly WebAssembly.Module[],
    memory: WebAssembly.Memory,
    worker: WorkerConstructor | null,
  ) {
    this.kernels = instantiateAll(modules, memory);
    const names = Object.keys(this.kernels);
    this.#functions = Object.values(this.kernels);
    this.#numbers = new Map(names.map((name, number) => [name, number]));
    const buffer = new SharedArrayBuffer(BOARD_BYTES);
    this.#board = kernelBoard(buffer);
    this.#start = { modules, memory, buffer, names };
    this.#worker = worker;
  }

  /** Threads that share a round at most, the program included. */
  get threads(): number {
    return this.#threads;
  }

  /** More than a round has tasks are never used; without workers it stays 1. */
  set threads(threads: number) {
    this.#threads = this.#worker === null ? 1 : Math.min(threads, MOST_TASKS);
    Atomics.store(this.#board.words, words.limit, this.#threads - 1);
  }

  /**
   * Calls a kernel once for each list of arguments, in any order and on any thread.
   *
   * @param scratch What is appended to the arguments, if anything is: the thread's own.
   * @throws {FailureError} If a call throws; the others were made.
   */
  run(name: string, calls: readonly (readonly number[])[], scratch?: ThreadScratch): void {
    const last = scratch === undefined ? [] : [scratch.at];
    if (this.#threads === 1 || calls.length === 1) {
      for (const call of calls) this.kernels[name]!(...call, ...last);
      return;
    }
    this.#startWorkers();
    for (let first = 0; first < calls.length; first += MOST_TASKS) {
      this.#share(this.#numbers.get(name)!, calls.slice(first, first + MOST_TASKS), scratch);
    }
  }

  #share(
    number: number,
    calls: readonly (readonly number[])[],
    scratch: ThreadScratch | undefined,
  ): void {
    const { words: control, tasks, text } = this.#board;
    control[words.scratchAt] = scratch?.at ?? 0;
    control[words.scratchBytes] = scratch?.bytes ?? 0;
    // The first call is taken first, and tasks are taken from the last.
    calls.forEach((call, i) => {
      const at = (calls.length - 1 - i) * TASK_NUMBERS;
      tasks[at] = number;
      tasks[at + 1] = call.length;
      tasks.set(call, at + 2);
    });
    Atomics.store(control, words.pending, calls.length);
    this.#round = (this.#round + 1) & 0xffffff;
    Atomics.store(control, words.ticket, this.#round << 8 | calls.length);
    if (Atomics.load(control, words.sleepers) > 0) Atomics.notify(control, words.ticket);
    while (takeTask(this.#board, 0, this.#functions));
    this.#untilDone();
    const bytes = Atomics.exchange(control, words.failed, 0);
    if (bytes === 0) return;
    const message = new TextDecoder().decode(text.slice(0, bytes));
    throw new FailureError(`a kernel of the CPU backend failed: ${message}`);
  }

  #untilDone(): void {
    const control = this.#board.words;
    const begin = performance.now();
    for (let look = 1;; look++) {
      const pending = Atomics.load(control, words.pending);
      if (pending === 0) return;
      if (look % LOOKS === 0 && performance.now() - begin > WATCH_MS) {
        Atomics.wait(control, words.pending, pending, SLEEP_MS);
      }
    }
  }

  #startWorkers(): void {
    if (this.#failure !== null) {
      throw new FailureError(`a worker of the CPU backend did not start: ${this.#failure}`);
    }
    for (; this.#workers < this.#threads - 1; this.#workers++) {
      const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
      const workerData: KernelWorkerStart = { ...this.#start, index: this.#workers };
      const worker = new this.#worker!(url, { workerData });
      worker.on("error", (error: Error) => this.#failure = error.message);
      worker.unref();
    }
  }
}
