import * as tf from "@tensorflow/tfjs";
import type { WasmBackend } from "../../src/threads/wasm.ts";
import { OutOfMemoryError } from "../../src/core/errors.ts";

/** The CPU backend's memory; it is tfjs's current one. */
const heap = () => tf.backend() as unknown as WasmBackend;

/** Memory for so many bytes, which nothing is written to. */
export function allocate(bytes: number): object {
  return heap().makeOutput([bytes / 4], "float32").dataId;
}

/** Gives back what {@link allocate} gave. */
export function free(block: object): void {
  heap().disposeData(block);
}

/** Takes all memory but about `left` bytes, for the time of `run`. */
export function withHeapLeft(left: number, run: () => void): void {
  const release = fillHeap(left);
  try {
    run();
  } finally {
    release();
  }
}

/** Takes all memory but about `left` bytes; what it returns gives it back. */
export function fillHeap(left: number): () => void {
  const kept = allocate(left);
  const taken: object[] = [];
  for (let bytes = 2 ** 26; bytes >= 16; bytes /= 4) takeAll(bytes, taken);
  free(kept);
  return () => taken.forEach(free);
}

function takeAll(bytes: number, taken: object[]): void {
  try {
    while (true) taken.push(allocate(bytes));
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
  }
}

/** Bytes that tensors and kernels of the CPU backend have at once while `run` runs, at most, beyond those before. */
export function peakHeapBytes(run: () => void): number {
  const { wasm } = heap();
  const { _malloc, _free } = wasm;
  const sizes = new Map<number, number>();
  let used = 0, peak = 0;
  wasm._malloc = (bytes) => {
    const address = _malloc(bytes);
    sizes.set(address, bytes);
    used += bytes;
    peak = Math.max(peak, used);
    return address;
  };
  wasm._free = (address) => {
    used -= sizes.get(address) ?? 0;
    sizes.delete(address);
    _free(address);
  };
  try {
    run();
  } finally {
    Object.assign(wasm, { _malloc, _free });
  }
  return peak;
}
