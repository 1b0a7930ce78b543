import { FailureError } from "../core/errors.ts";
import { requireInside } from "./operands.ts";
import { throwIfStopped } from "../core/stop.ts";
import {
  BOARD_BYTES,
  CALL_NUMBERS,
  FIRST_ARGUMENT,
  instantiateAll,
  type Kernel,
  kernelBoard,
  type KernelWorkerStart,
  MOST_CALLS,
  MOST_TASKS,
  takeTask,
  words,
} from "./kernel_words.ts";
import source from "./kernel_entry.bundle.txt" with { type: "text" };

/**
 * How long the program watches for its workers' last tasks before it sleeps: longer than most
 * tasks take, since to wake up may take the system some milliseconds.
 */
const WATCH_MS = 2;
const LOOKS = 100;
/** A sleep's length at most; a worker that ends a round wakes the program. */
const SLEEP_MS = 10;

/** A call of a kernel. */
export interface KernelCall {
  readonly name: string;
  readonly values: readonly Argument[];
}

/** A number, or an address in the memory that a thread has to itself. */
export type Argument = number | OwnAddress;

/** So many bytes after the beginning of the thread's own memory. */
export interface OwnAddress {
  readonly own: number;
}

/** Memory that each thread has to itself. */
export interface ThreadScratch {
  /** Address of the first thread's. */
  readonly at: number;
  /** Bytes of each thread. */
  readonly bytes: number;
}

/** Throws where a call's operands are not inside the memory, or the thread's own. */
export type OperandCheck = (call: KernelCall, scratch: ThreadScratch, memoryBytes: number) => void;

/** Makes a worker: `Worker` of node:worker_threads, which the caller imports only where it is needed. */
export type WorkerConstructor = typeof import("node:worker_threads").Worker;

/**
 * Kernels on one shared memory, called by the program and by workers at once. A call waits until
 * all is done: a kernel of tfjs is synchronous.
 *
 * Workers start with the first round that has work for them and join when they are up; they
 * stay awake for a short while between rounds, then sleep, and do not keep the program alive.
 * Who performs a task is left to chance, so that tasks of a round must not depend on that.
 */
export class KernelCrew {
  /** The program's own instances. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  readonly #start: Omit<KernelWorkerStart, "index">;
  readonly #worker: WorkerConstructor | null;
  readonly #board;
  readonly #functions: readonly Kernel[];
  readonly #check: OperandCheck;
  readonly #numbers: ReadonlyMap<string, number>;
  #threads = 1;
  #workers = 0;
  #round = 0;
  #failure: string | null = null;

  /**
   * @param modules Of functions that import nothing but `env.memory`.
   * @param memory A shared one, unless there are to be no workers.
   * @param worker Null: the program is alone.
   * @param check Every call goes through it before a kernel gets its operands.
   */
  constructor(
    modules: readonly WebAssembly.Module[],
    memory: WebAssembly.Memory,
    worker: WorkerConstructor | null,
    check: OperandCheck,
  ) {
    this.#check = check;
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
   * Performs tasks in any order and on any thread; a task's calls are made one after the other.
   *
   * @param scratch Where {@link OwnAddress}es lie.
   * @throws {FailureError} If a call throws; the other tasks were performed. If a call's operands
   *   are not inside the memory; nothing was performed.
   * @throws {Stopped} If work is to end early; nothing was performed.
   */
  run(
    tasks: readonly (readonly KernelCall[])[],
    scratch: ThreadScratch = { at: 0, bytes: 0 },
  ): void {
    throwIfStopped();
    this.#requireOperands(tasks, scratch);
    if (this.#threads === 1 || tasks.length === 1) {
      for (const { name, values } of tasks.flat()) {
        this.kernels[name]!(...values.map((v) => typeof v === "number" ? v : scratch.at + v.own));
      }
      return;
    }
    this.#startWorkers();
    let first = 0, calls = 0;
    tasks.forEach(({ length }, i) => {
      if (i - first === MOST_TASKS || calls + length > MOST_CALLS) {
        this.#share(tasks.slice(first, i), scratch);
        [first, calls] = [i, 0];
      }
      calls += length;
    });
    this.#share(tasks.slice(first), scratch);
  }

  #requireOperands(tasks: readonly (readonly KernelCall[])[], scratch: ThreadScratch): void {
    const { byteLength } = this.#start.memory.buffer;
    const threads = tasks.length === 1 ? 1 : this.#threads;
    requireInside(byteLength, scratch.at, threads * scratch.bytes, "the threads' own memory");
    for (const task of tasks) {
      for (const call of task) this.#check(call, scratch, byteLength);
    }
  }

  #share(round: readonly (readonly KernelCall[])[], scratch: ThreadScratch): void {
    const { words: control, tasks, calls, text } = this.#board;
    control[words.scratchAt] = scratch.at;
    control[words.scratchBytes] = scratch.bytes;
    let written = 0;
    round.forEach((task, i) => {
      // The first task is taken first, and they are taken from the last place.
      const place = 2 * (round.length - 1 - i);
      tasks[place] = written;
      tasks[place + 1] = task.length;
      for (const call of task) this.#write(call, calls, CALL_NUMBERS * written++);
    });
    Atomics.store(control, words.pending, round.length);
    this.#round = (this.#round + 1) & 0xffffff;
    Atomics.store(control, words.ticket, this.#round << 8 | round.length);
    if (Atomics.load(control, words.sleepers) > 0) Atomics.notify(control, words.ticket);
    while (takeTask(this.#board, 0, this.#functions));
    this.#untilDone();
    const bytes = Atomics.exchange(control, words.failed, 0);
    if (bytes === 0) return;
    const message = new TextDecoder().decode(text.slice(0, bytes));
    throw new FailureError(`a kernel of the CPU backend failed: ${message}`);
  }

  #write({ name, values }: KernelCall, to: Float64Array, at: number): void {
    let owned = 0;
    values.forEach((value, i) => {
      if (typeof value !== "number") owned |= 1 << i;
      to[at + FIRST_ARGUMENT + i] = typeof value === "number" ? value : value.own;
    });
    to[at] = this.#numbers.get(name)!;
    to[at + 1] = values.length;
    to[at + 2] = owned;
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
      // Without `env` the worker copies the whole environment, for which Deno asks a permission.
      const worker = new this.#worker!(url, { workerData, env: {} });
      worker.on("error", (error: Error) => this.#failure = error.message);
      worker.unref();
    }
  }
}
