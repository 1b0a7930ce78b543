import { memorySizes } from "../core/wasm/memory.layout.ts";

const wordsAt = memorySizes.values.WORDS_AT;

/**
 * A block of memory that the program and a worker share: control words, then numbers.
 * Both sides read its layout here.
 */
export interface SharedBlock {
  /** [2]: the state, one of {@link states}, and the number of numbers. */
  readonly control: Int32Array;
  /** Up to {@link CAPACITY} numbers, at byte 64: a cache line away from the control words. */
  readonly numbers: Float32Array;
}

/** Who works on the block: the program until `toDo`, the worker until `done`. */
export const states = { idle: 0, toDo: 1, done: 2 } as const;

/** Places of the control words. */
export const control = { state: 0, count: 1 } as const;

/** How many numbers one page of WebAssembly memory, 64 KiB, holds behind the control words. */
export const CAPACITY = (65536 - 64) / 4;

/** The block in a shared memory of at least two pages. */
export function sharedBlock(memory: WebAssembly.Memory): SharedBlock {
  return {
    control: new Int32Array(memory.buffer, wordsAt, 2),
    numbers: new Float32Array(memory.buffer, wordsAt + 64, CAPACITY),
  };
}
