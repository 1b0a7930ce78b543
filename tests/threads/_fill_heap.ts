import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import type { WasmBackend } from "../../src/threads/wasm.ts";
import { OutOfMemoryError } from "../../src/core/errors.ts";
import { allocate, withHeapLeft } from "../support/heap.ts";

/** Prints the bytes of the CPU backend's memory and what an allocation says, all of it taken. */

await openBackend("cpu", { threads: 1 });
const { memory } = (tf.backend() as unknown as WasmBackend).wasm.asm;
withHeapLeft(2 ** 16, () => {
  let words = "nothing";
  try {
    allocate(2 ** 25);
  } catch (error) {
    if (error instanceof OutOfMemoryError) words = error.message;
  }
  console.log(`${memory.buffer.byteLength}: ${words}`);
});
