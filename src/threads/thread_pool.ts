import type { MessagePort } from "node:worker_threads";
import { FailureError } from "../core/errors.ts";
import { stopWord } from "../core/stop.ts";
import {
  type Board,
  BOARD_BYTES,
  boardOn,
  CALL_NUMBERS,
  FIRST_ARGUMENT,
  type Kernel,
  MOST_CALLS,
  MOST_TASKS,
  takeFailure,
  takeTask,
  ticketOf,
  words,
} from "./board.ts";
import { moduleFunctions, type ModulesOnMemory, type WorkerStart } from "./module_functions.ts";
import source from "./worker_entry.bundle.txt" with { type: "text" };

/** Maximum number of threads, the main thread included. */
export const MOST_THREADS: number = MOST_TASKS;

/**
 * How long threads spin in {@link ThreadPool.run} before they sleep: workers after a round, since the
 * next kernel of a training step follows soon, and the main thread while the last tasks finish. Waking
 * a thread takes 0.1 to 4 ms.
 */
const AWAKE_MS = 2;
/** The same in {@link ThreadPool.runAsync}: a small batch's solve and its pull-back are 0.3 ms apart. */
const AWAKE_ASYNC_MS = 0.5;
const LOOKS = 100;
/** Maximum length of one sleep; the worker that finishes a round wakes the main thread. */
const SLEEP_MS = 10;
/** How long {@link ThreadPool.runAsync} blocks before it yields to the event loop. */
const BLOCKING_MS = 1000;
const POLL_MS = 5;

/** A function call. */
export interface KernelCall {
  readonly name: string;
  readonly values: readonly Argument[];
}

/** A number, or an address in the thread's scratch memory. */
export type Argument = number | OwnAddress;

/** Byte offset in the thread's scratch memory. */
export interface OwnAddress {
  readonly own: number;
}

/** Scratch memory of the threads. */
export interface ThreadScratch {
  /** Address of the main thread's. */
  readonly at: number;
  /** Bytes per thread. */
  readonly bytes: number;
}

/** How tasks are distributed. */
export interface RunOptions {
  /** Maximum number of threads, the main thread included. */
  readonly threads: number;
  /** Required if a call has an {@link OwnAddress}. */
  readonly scratch?: ThreadScratch;
}

/** A task: calls made in order on one thread. */
export type Task = readonly KernelCall[];

/** What a pool needs of node:worker_threads, which is imported on first use. */
export type WorkerThreads = Pick<
  typeof import("node:worker_threads"),
  "Worker" | "MessageChannel"
>;

/** Modules loaded by a pool. */
export interface LoadedModules {
  /** The main thread's instances. */
  readonly functions: Readonly<Record<string, Kernel>>;
  /** Function numbers used in tasks. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly memory: WebAssembly.Memory;
  /** Subject of failure messages, such as "a kernel of the CPU backend". */
  readonly who: string;
}

/**
 * The process's thread pool: the main thread and workers, each with its own instance of every loaded
 * module. Modules must keep their state in memory, since any thread may make a call.
 *
 * Workers start with the first round that needs them and join once they run. Between rounds they spin
 * briefly, then sleep; they do not keep the process alive. Which thread performs a task is not
 * deterministic, so results must not depend on it.
 */
export class ThreadPool {
  readonly #workerThreads: WorkerThreads;
  readonly #buffer = new SharedArrayBuffer(BOARD_BYTES);
  readonly #board: Board = boardOn(this.#buffer);
  readonly #functions: Kernel[] = [];
  readonly #loaded: ModulesOnMemory[] = [];
  /** One per worker. */
  readonly #ports: MessagePort[] = [];
  /** Whether `runAsync` has yielded to the event loop during a round. */
  #isAwaited = false;
  #round = 0;
  #failure: string | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(workerThreads: WorkerThreads) {
    this.#workerThreads = workerThreads;
  }

  /**
   * Loads modules for all threads.
   *
   * @param modules They may import what {@link moduleFunctions} provides; function names are distinct.
   * @param memory If it is not shared, the main thread performs all tasks.
   * @param who Subject of messages about a call that throws.
   */
  load(
    modules: readonly WebAssembly.Module[],
    memory: WebAssembly.Memory,
    who: string,
  ): LoadedModules {
    const functions = moduleFunctions(modules, memory, stopWord);
    const names = Object.keys(functions), first = this.#functions.length;
    const numbers = new Map(names.map((name, i) => [name, first + i]));
    if (isSharedMemory(memory)) {
      this.#functions.push(...Object.values(functions));
      const loaded = { modules, memory, names };
      this.#loaded.push(loaded);
      for (const port of this.#ports) port.postMessage(loaded);
    }
    return { functions, numbers, memory, who };
  }

  /**
   * Performs tasks in any order on any thread; blocks until all are done.
   *
   * @throws {FailureError} If a call on several threads throws, after the other tasks have finished.
   */
  run(loaded: LoadedModules, tasks: readonly Task[], options: RunOptions): void {
    // While `runAsync` waits, the board is in use.
    if (this.#isAwaited || isAlone(loaded, tasks, options)) return runAlone(loaded, tasks, options);
    for (const round of rounds(tasks)) {
      this.#share(loaded, round, { ...options, awakeMs: AWAKE_MS });
      this.#blockUntilDone({ forMs: Infinity, awakeMs: AWAKE_MS });
      this.#throwFailure(loaded);
    }
  }

  /**
   * {@link run} for long tasks: after a second of blocking it yields to the event loop until the last
   * ones are done. Such runs are queued.
   */
  runAsync(loaded: LoadedModules, tasks: readonly Task[], options: RunOptions): Promise<void> {
    const running = this.#last.then(() => this.#runAsync(loaded, tasks, options));
    this.#last = running.catch(() => {});
    return running;
  }

  async #runAsync(
    loaded: LoadedModules,
    tasks: readonly Task[],
    options: RunOptions,
  ): Promise<void> {
    if (isAlone(loaded, tasks, options)) return runAlone(loaded, tasks, options);
    for (const round of rounds(tasks)) {
      this.#share(loaded, round, { ...options, awakeMs: AWAKE_ASYNC_MS });
      this.#isAwaited = true;
      let forMs = BLOCKING_MS;
      while (!this.#blockUntilDone({ forMs, awakeMs: AWAKE_ASYNC_MS })) {
        forMs = 0;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        this.#requireWorkers();
      }
      this.#isAwaited = false;
      this.#throwFailure(loaded);
    }
  }

  /** Publishes a round and takes tasks until none is left. */
  #share(
    { numbers }: LoadedModules,
    round: readonly Task[],
    { threads, scratch = { at: 0, bytes: 0 }, awakeMs }: RunOptions & { readonly awakeMs: number },
  ): void {
    const workers = Math.min(threads, MOST_THREADS) - 1;
    this.#startWorkers(workers);
    const { words: control, tasks, calls } = this.#board;
    control[words.scratchAt] = scratch.at;
    control[words.scratchBytes] = scratch.bytes;
    let written = 0;
    round.forEach((task, i) => {
      // Tasks are taken from the last entry down, so the first task goes there.
      const place = 2 * (round.length - 1 - i);
      tasks[place] = written;
      tasks[place + 1] = task.length;
      for (const { name, values } of task) {
        writeCall(calls, CALL_NUMBERS * written++, numbers.get(name)!, values);
      }
    });
    Atomics.store(control, words.awakeMs, awakeMs);
    Atomics.store(control, words.pending, round.length);
    Atomics.store(control, words.ticket, ticketOf(++this.#round, workers, round.length));
    if (Atomics.load(control, words.sleepers) > 0) Atomics.notify(control, words.ticket);
    while (takeTask(this.#board, 0, (number) => this.#functions[number]!));
  }

  /** Blocks until the round is done or `forMs` have passed; returns whether it is done. */
  #blockUntilDone(
    { forMs, awakeMs }: { readonly forMs: number; readonly awakeMs: number },
  ): boolean {
    const control = this.#board.words;
    const begin = performance.now();
    for (let look = 1;; look++) {
      const pending = Atomics.load(control, words.pending);
      if (pending === 0) return true;
      if (look % LOOKS !== 0) continue;
      const waited = performance.now() - begin;
      if (waited > forMs) return false;
      if (waited > awakeMs) Atomics.wait(control, words.pending, pending, SLEEP_MS);
    }
  }

  #throwFailure({ who }: LoadedModules): void {
    const failure = takeFailure(this.#board);
    if (failure !== null) throw new FailureError(`${who} failed: ${failure}`);
  }

  #requireWorkers(): void {
    if (this.#failure === null) return;
    throw new FailureError(`a worker of the CPU backend did not start: ${this.#failure}`);
  }

  #startWorkers(count: number): void {
    this.#requireWorkers();
    const { MessageChannel, Worker } = this.#workerThreads;
    while (this.#ports.length < count) {
      const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
      const { port1, port2 } = new MessageChannel();
      const workerData: WorkerStart = {
        buffer: this.#buffer,
        index: this.#ports.length,
        port: port2,
        stopWord,
      };
      // Without `env` the worker copies the whole environment, for which Deno asks a permission.
      const worker = new Worker(url, { workerData, transferList: [port2], env: {} });
      worker.on("error", (error: Error) => this.#failure = error.message);
      worker.unref();
      for (const loaded of this.#loaded) port1.postMessage(loaded);
      this.#ports.push(port1);
    }
  }
}

/** Whether threads can share a memory. */
export function isSharedMemory(memory: WebAssembly.Memory): boolean {
  return memory.buffer instanceof SharedArrayBuffer;
}

function isAlone(
  { memory }: LoadedModules,
  tasks: readonly Task[],
  { threads }: RunOptions,
): boolean {
  return threads === 1 || tasks.length === 1 || !isSharedMemory(memory);
}

function runAlone(
  { functions }: LoadedModules,
  tasks: readonly Task[],
  { scratch = { at: 0, bytes: 0 } }: RunOptions,
): void {
  for (const { name, values } of tasks.flat()) {
    functions[name]!(...values.map((v) => typeof v === "number" ? v : scratch.at + v.own));
  }
}

/** Splits tasks into rounds that fit on the board. */
function* rounds(tasks: readonly Task[]): Generator<readonly Task[]> {
  let first = 0, calls = 0;
  for (const [i, { length }] of tasks.entries()) {
    if (i - first === MOST_TASKS || calls + length > MOST_CALLS) {
      yield tasks.slice(first, i);
      [first, calls] = [i, 0];
    }
    calls += length;
  }
  yield tasks.slice(first);
}

function writeCall(
  to: Float64Array,
  at: number,
  number: number,
  values: readonly Argument[],
): void {
  let owned = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (typeof value !== "number") owned |= 1 << i;
    to[at + FIRST_ARGUMENT + i] = typeof value === "number" ? value : value.own;
  }
  to[at] = number;
  to[at + 1] = values.length;
  to[at + 2] = owned;
}

// Process-wide, like tfjs's backends.
let opened: Promise<ThreadPool> | undefined;

/** The process's thread pool, shared by the CPU engine and the CPU backend. */
export function processThreads(): Promise<ThreadPool> {
  opened ??= import("node:worker_threads").then((threads) => new ThreadPool(threads));
  return opened;
}
