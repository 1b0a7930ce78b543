import { memorySizes } from "../core/wasm/memory.layout.ts";

/**
 * How a pool and its workers talk: each worker has two words in the shared memory, its state and
 * the address of its job. Both sides read their places here.
 */

/** Byte address of the first worker's words; below it lie the module's own. */
export const FIRST_WORD_AT: number = memorySizes.values.WORDS_AT + 1024;

/** Workers that have words. */
export const MOST_WORKERS = 255;

/** Bytes at the beginning of the memory that belong to the pool and its module. */
export const RESERVED_BYTES: number = FIRST_WORD_AT + 8 * (MOST_WORKERS + 1);

/** States: until `ready` a worker starts; the pool sets `running`, the worker `ready` or `failed`. */
export const poolStates = { starting: 0, ready: 1, running: 2, failed: 3 } as const;

/** The words of worker `index`, from 0: its state, its job, both int32. */
export function workerWords(memory: WebAssembly.Memory, index: number): Int32Array {
  return new Int32Array(memory.buffer, FIRST_WORD_AT + 8 * index, 2);
}

/** What a worker begins with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** From 0. */
  readonly index: number;
  /** The module's functions (job, thread) in the order in which the pool numbers them. */
  readonly functions: readonly string[];
  /** See stop.ts. */
  readonly stopWord: Int32Array;
}

/** What a worker says when a function throws. */
export interface WorkerFailure {
  readonly message: string;
}

/**
 * What the module imports: the program's own float64 functions, so that every part has the same
 * bits, and whether it is to end early.
 */
export function poolImports(memory: WebAssembly.Memory, stopWord: Int32Array): WebAssembly.Imports {
  return {
    env: { memory },
    math: { sin: Math.sin, cos: Math.cos, pow: Math.pow },
    stop: { isAsked: () => Atomics.load(stopWord, 0) },
  };
}
