import { fromBase64 } from "../core/base64.ts";
import { FailureError } from "../core/errors.ts";
import { throwIfStopped } from "../core/stop.ts";
import { onSharedMemory } from "../core/wasm/memory_rewrite.ts";
import type { Kernel } from "./board.ts";
import { type KernelSignature, requireInside, requireOperands } from "./operands.ts";
import { type Range, ranges } from "./ranges.ts";
import { type SimdBuilds, simdBytes, type SimdChoice } from "./simd_module.ts";
import {
  type Argument,
  isSharedMemory,
  type KernelCall,
  type LoadedModules,
  MOST_THREADS,
  type Task,
  type ThreadPool,
} from "./thread_pool.ts";
import { TileChoice } from "./tile_choice.ts";
import { type WasmBackend, withScratch } from "./wasm.ts";

/** Maximum number of tasks per thread. */
const TASKS_PER_THREAD = 8;
/** Multiply-adds that take a core about 50 us. */
const SMALL_WORK = 1_000_000;
/** Cost of one element of a memory-bound pass, in multiply-adds. */
export const ELEMENT_WORK = 8;

/** Kernels by name: functions of addresses, sizes and flags, or of sizes that return a scratch size. */
export type KernelFunctions<Kernels> = {
  readonly [Name in keyof Kernels]: (...values: never[]) => number | void;
};

/** An operation's kernel module, which runs on the memory of tfjs's instance. */
export interface KernelModule {
  /** Both builds, in base64. */
  readonly builds: Readonly<Record<keyof SimdBuilds, string>>;
  /** Signature of each kernel. */
  readonly signatures: Readonly<Record<string, KernelSignature>>;
  /**
   * Scratch sizes of the kernels, by the module's rules but in float64: exact where its 32-bit
   * integers wrap.
   */
  readonly sizes: Readonly<Record<string, (...sizes: number[]) => number>>;
}

/** A kernel's parameters; any may be an address in the thread's scratch memory. */
type ArgumentsFor<Values extends readonly unknown[]> = { [At in keyof Values]: Argument };

/** A kernel's arguments except the last. */
export type ScratchlessArguments<Called extends (...values: never[]) => unknown> =
  Parameters<Called> extends [...infer Before extends number[], number] ? Before : never;

/** A matrix product with narrow (0) or wide (1) register tiles. */
export interface TimedKernel {
  /** Number of float32 values it works on. */
  readonly numbers: number;
  readonly call: (kernels: Readonly<Record<string, Kernel>>, wide: 0 | 1, at: number) => void;
}

/** What kernels are created from. */
export interface KernelThreadsOptions {
  /** tfjs's instance, started. If its memory is not shared, the main thread makes all calls. */
  readonly backend: WasmBackend;
  readonly build: SimdChoice;
  readonly modules: readonly KernelModule[];
  /** The product by which narrow and wide register tiles are compared. */
  readonly product: TimedKernel;
}

/**
 * Multithreaded kernels: the calls of a round are distributed over the threads, in any order. Operands
 * are checked against the memory before a kernel is called.
 */
export class KernelThreads<Kernels extends KernelFunctions<Kernels>> {
  /** The main thread's kernels. */
  readonly kernels: Kernels;
  readonly #backend: WasmBackend;
  readonly #pool: ThreadPool;
  readonly #loaded: LoadedModules;
  readonly #signatures: Readonly<Record<string, KernelSignature>>;
  readonly #tiles: TileChoice;
  readonly #isShared: boolean;
  #threads = 1;

  constructor(pool: ThreadPool, { backend, build, modules, product }: KernelThreadsOptions) {
    const { memory } = backend.wasm.asm;
    this.#isShared = isSharedMemory(memory);
    const compiled = modules.map(({ builds: { relaxed, plain } }) => {
      const bytes = simdBytes({ relaxed: fromBase64(relaxed), plain: fromBase64(plain) }, build);
      return new WebAssembly.Module(this.#isShared ? onSharedMemory(bytes, "memory") : bytes);
    });
    this.#backend = backend;
    this.#pool = pool;
    this.#loaded = pool.load(compiled, memory, "a kernel of the CPU backend");
    this.#signatures = Object.assign({}, ...modules.map(({ signatures }) => signatures));
    const sizes = Object.assign({}, ...modules.map(({ sizes }) => sizes));
    const { functions } = this.#loaded;
    this.kernels = { ...functions, ...agreedSizes(functions, sizes) } as unknown as Kernels;
    this.#tiles = new TileChoice({
      product: (wide, at) => product.call(functions, wide, at),
      numbers: product.numbers,
      memory,
      withMemory: (numbers, use) => this.withScratch(numbers, use),
      rounds: [1, 1, 60],
      share: 1,
    });
  }

  /** Argument `wide` of the kernels: whether wide register tiles are faster on this machine. */
  get wide(): 0 | 1 {
    return this.#tiles.wide;
  }

  /** Maximum number of threads, the main thread included; 1 if the memory is not shared. */
  set threads(threads: number) {
    this.#threads = this.#isShared ? Math.min(threads, MOST_THREADS) : 1;
  }

  /**
   * Number of tasks: 1 below about 50 us, else up to 8 per thread for load balancing. Results do not
   * depend on it.
   *
   * @param work In multiply-adds.
   * @param repeated Work that every task does again, in multiply-adds: tasks are so few that it is at
   *   most a tenth, but one per thread.
   */
  pieces(work: number, repeated = 0): number {
    const threads = this.#threads;
    if (threads === 1) return 1;
    const affordable = repeated === 0 ? Infinity : Math.floor(work / (10 * repeated * threads));
    const perThread = Math.max(1, Math.min(TASKS_PER_THREAD, affordable));
    return Math.max(1, Math.min(perThread * threads, Math.floor(2 * work / SMALL_WORK)));
  }

  /** Ranges of elements for the tasks of a memory-bound pass. */
  elementRanges(count: number): Range[] {
    return ranges(count, this.pieces(ELEMENT_WORK * count), 16);
  }

  /** A call of a chain; any argument may be an address in the thread's scratch memory. */
  call<Name extends keyof Kernels & string>(
    name: Name,
    ...values: ArgumentsFor<Parameters<Kernels[Name]>>
  ): KernelCall {
    return { name, values: values as readonly Argument[] };
  }

  /** Calls a kernel once per list of arguments. */
  run<Name extends keyof Kernels & string>(
    name: Name,
    calls: readonly Readonly<Parameters<Kernels[Name]>>[],
  ): void {
    this.#run(calls.map((values) => [{ name, values: values as readonly number[] }]));
  }

  /**
   * {@link run} of a kernel whose last argument is scratch memory of `numbers` float32 numbers.
   *
   * @param work Multiply-adds of all calls; small work is not shared.
   */
  runWithScratch<Name extends keyof Kernels & string>(
    name: Name,
    numbers: number,
    calls: readonly Readonly<ScratchlessArguments<Kernels[Name]>>[],
    work = Infinity,
  ): void {
    const tasks = calls.map((
      call,
    ) => [{ name, values: [...call as readonly number[], { own: 0 }] }]);
    this.runChains(this.pieces(work) > 1 ? tasks : [tasks.flat()], numbers);
  }

  /**
   * Makes chains of calls: each chain runs on one thread, so that a call finds the previous one's
   * results in that core's caches.
   *
   * @param numbers Number of float32 values of scratch memory per thread.
   */
  runChains(chains: readonly Task[], numbers: number): void {
    // Each thread's scratch memory starts on its own cache line.
    const bytes = 64 * Math.ceil(numbers / 16);
    const threads = this.#threadsFor(chains);
    this.withScratch(bytes / 4 * threads, (at) => this.#run(chains, { at, bytes }));
  }

  #threadsFor(tasks: readonly Task[]): number {
    return Math.min(this.#threads, tasks.length);
  }

  /** Calls `use` with the address of memory for `numbers` float32 values, and frees it afterwards. */
  withScratch<T>(numbers: number, use: (at: number) => T): T {
    return withScratch(this.#backend, numbers, use);
  }

  /**
   * @throws {FailureError} If a call's operands are not inside the memory, before any call is made; or
   *   if a call throws, after the other tasks have finished.
   * @throws {Stopped} If the work was interrupted, before any call is made.
   */
  #run(tasks: readonly Task[], scratch = { at: 0, bytes: 0 }): void {
    throwIfStopped();
    const memoryBytes = this.#loaded.memory.buffer.byteLength;
    const threads = this.#threadsFor(tasks);
    requireInside(memoryBytes, scratch.at, threads * scratch.bytes, "the threads' own memory");
    for (const task of tasks) {
      for (const call of task) {
        requireOperands(call, this.#signatures[call.name]!, { scratch, memoryBytes });
      }
    }
    this.#pool.run(this.#loaded, tasks, { threads, scratch });
  }
}

/** A function that returns a scratch size. */
type Counting = (...sizes: number[]) => number;

/**
 * The exact scratch sizes, each compared with the module's own count, so that no kernel is called that
 * would lay out its memory differently.
 *
 * @throws {FailureError} From the functions, where the module's 32 bits do not hold the size.
 */
function agreedSizes<Name extends string>(
  functions: Readonly<Record<string, unknown>>,
  sizes: Readonly<Record<Name, Counting>>,
): Readonly<Record<Name, Counting>> {
  const agreed = Object.entries<Counting>(sizes).map(([name, exact]) => [
    name,
    (...values: number[]): number => {
      const size = exact(...values);
      if (size === (functions[name] as Counting)(...values)) return size;
      throw new FailureError(
        `the CPU backend's ${name} of ${values.join(" x ")} is ${size}, more than its memory ` +
          "holds: take a smaller batch, or a narrower network",
      );
    },
  ]);
  return Object.fromEntries(agreed);
}
