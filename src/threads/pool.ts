import { FailureError } from "../core/errors.ts";
import { fullSharedMemory } from "../core/wasm/guarded_memory.ts";
import { stopWord } from "../core/stop.ts";
import {
  MOST_WORKERS,
  poolImports,
  poolStates,
  RESERVED_BYTES,
  type WorkerFailure,
  type WorkerStart,
  workerWords,
} from "./pool_words.ts";
import { PageRanges } from "./page_ranges.ts";
import { memoryCounts, memorySizes, memoryWords } from "../core/wasm/memory.layout.ts";
import source from "./pool_entry.bundle.txt" with { type: "text" };

const { PAGE_COUNT } = memoryCounts.values;
const { PAGE_BYTES, WORDS_AT } = memorySizes.values;
const PAGES_TAKEN_AT = WORDS_AT + memoryWords.at.pagesTaken;

/** How long the program blocks for its workers before it lets events in: they have a share left at most. */
const BLOCKING_MS = 1000;
const POLL_MS = 5;

/** A block of the shared memory. */
export interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** A worker, and why it failed, once that is known. */
interface Member {
  readonly words: Int32Array;
  failure: string | null;
}

/**
 * A WebAssembly module on all cores: one shared memory, the program and its workers each with an
 * instance over it, so that instances may keep nothing outside of that memory.
 *
 * Workers start with the first run that has work for them and join when they are up; they
 * sleep between runs and do not keep the program alive.
 */
export class Pool {
  /** All instances see it. */
  readonly memory: WebAssembly.Memory;
  /** The program's own instance. */
  readonly exports: Readonly<Record<string, (...args: number[]) => number>>;
  readonly #module: WebAssembly.Module;
  readonly #functions: readonly string[];
  readonly #members: Member[] = [];
  readonly #free: PageRanges = new PageRanges();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param module Imports `env.memory`, float64 functions of `math`, and `stop.isAsked`.
   * @param functions Names of its functions (job, thread) that {@link run} may be asked for, at most 8.
   * @throws {FailureError} If there is no room for the memory.
   */
  constructor(module: WebAssembly.Module, functions: readonly string[]) {
    this.#module = module;
    this.#functions = functions;
    try {
      this.memory = fullSharedMemory();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FailureError(
        `the CPU engine cannot reserve its ${
          PAGE_COUNT * PAGE_BYTES / 2 ** 30
        } GiB of addresses: ` +
          "set a higher limit of virtual memory (ulimit -v), or use --backend webgpu",
      );
    }
    new Int32Array(this.memory.buffer, PAGES_TAKEN_AT, 1)[0] = Math.ceil(
      RESERVED_BYTES / PAGE_BYTES,
    );
    const { exports } = new WebAssembly.Instance(module, poolImports(this.memory, stopWord));
    this.exports = exports as Pool["exports"];
  }

  /**
   * Memory that is the caller's until {@link release}; its content is arbitrary.
   *
   * @throws {RangeError} If `bytes` is not a positive whole number below 2^53.
   * @throws {FailureError} If there is not as much.
   */
  allocate(bytes: number): Block {
    if (!(Number.isSafeInteger(bytes) && bytes > 0)) {
      throw new RangeError(`allocate: expected a positive whole number of bytes, got ${bytes}`);
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const first = this.#free.take(pages) ?? this.#takeNew(pages);
    if (first === null) {
      throw new FailureError(
        `the CPU engine has no memory left for ${bytes} bytes: try a smaller batch`,
      );
    }
    return { at: first * PAGE_BYTES, bytes: pages * PAGE_BYTES };
  }

  /** First of so many pages that nobody had, or null where there are none. */
  #takeNew(pages: number): number | null {
    // The word of 32 bits counts what the module takes too.
    if (pages > PAGE_COUNT) return null;
    const taken = new Int32Array(this.memory.buffer, PAGES_TAKEN_AT, 1);
    const first = Atomics.add(taken, 0, pages);
    if (first + pages <= PAGE_COUNT) return first;
    Atomics.sub(taken, 0, pages);
    return null;
  }

  /** Gives a block back. */
  release({ at, bytes }: Block): void {
    this.#free.give({ first: at / PAGE_BYTES, count: bytes / PAGE_BYTES });
  }

  /**
   * Runs a function of the module on this thread and on as many workers as are up; it must
   * share its work among those who come. Runs do not overlap.
   *
   * @param job Address of what it works on, a multiple of 8; the function's first argument. The
   *   second is the number of the thread: 0 is the program.
   * @param threads At most so many, the program included.
   * @throws {FailureError} If a worker fails.
   */
  run(name: string, job: number, threads: number): Promise<void> {
    const running = this.#last.then(() => this.#run(name, job, threads));
    this.#last = running.catch(() => {});
    return running;
  }

  async #run(name: string, job: number, threads: number): Promise<void> {
    const wanted = Math.min(threads - 1, MOST_WORKERS);
    if (this.#members.length < wanted) await this.#start(wanted);
    const number = this.#functions.indexOf(name);
    const called = this.#members.slice(0, wanted).filter(({ words }) => {
      Atomics.store(words, 1, job | number);
      const { ready, running } = poolStates;
      return Atomics.compareExchange(words, 0, ready, running) === ready;
    });
    for (const { words } of called) Atomics.notify(words, 0);
    const failures: string[] = [];
    try {
      this.exports[name]!(job, 0);
    } finally {
      for (const member of called) {
        const failure = await untilDone(member);
        if (failure !== null) failures.push(failure);
      }
    }
    if (failures.length > 0) {
      throw new FailureError(`a worker of the CPU engine failed: ${failures[0]}`);
    }
  }

  async #start(count: number): Promise<void> {
    const { Worker } = await import("node:worker_threads");
    const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    while (this.#members.length < count) {
      const index = this.#members.length;
      const workerData: WorkerStart = {
        module: this.#module,
        memory: this.memory,
        index,
        functions: this.#functions,
        stopWord,
      };
      // Without `env` the worker copies the whole environment, for which Deno asks a permission.
      const worker = new Worker(url, { workerData, env: {} });
      const member: Member = { words: workerWords(this.memory, index), failure: null };
      worker.on("message", ({ message }: WorkerFailure) => member.failure = message);
      worker.on("error", (error: Error) => {
        member.failure = error.message;
        Atomics.store(member.words, 0, poolStates.failed);
        Atomics.notify(member.words, 0);
      });
      worker.unref();
      this.#members.push(member);
    }
  }
}

/** When a worker has done its share: null, or why it could not. */
async function untilDone(member: Member): Promise<string | null> {
  const { words } = member;
  const { running, failed, ready } = poolStates;
  const deadline = performance.now() + BLOCKING_MS;
  while (Atomics.load(words, 0) === running) {
    if (performance.now() < deadline) Atomics.wait(words, 0, running, POLL_MS);
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (Atomics.load(words, 0) !== failed) return null;
  while (member.failure === null) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const { failure } = member;
  member.failure = null;
  // It goes on with the next job.
  Atomics.store(words, 0, ready);
  return failure;
}
