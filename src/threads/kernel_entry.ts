import { workerData } from "node:worker_threads";
import {
  instantiateAll,
  kernelBoard,
  type KernelWorkerStart,
  takeTask,
  words,
} from "./kernel_words.ts";

// What a worker that takes kernel calls runs: `deno task build:worker` bundles this file to
// kernel_entry.bundle.txt. It runs for as long as the program lives, and sleeps where that has
// no work for it.

/**
 * How long it stays awake after work: the next kernel of a training step is close, and to wake
 * up takes the system 0.1 to 4 ms.
 */
const AWAKE_MS = 2;
/** Looks at the words between two at the clock. */
const LOOKS = 100;

const { modules, memory, buffer, index, names } = workerData as KernelWorkerStart;
const functions = instantiateAll(modules, memory);
const kernels = names.map((name) => functions[name]!);
const board = kernelBoard(buffer);
const control = board.words;

/** Whether tasks came up while it looked; it may take them. */
function look(): boolean {
  for (let i = 0; i < LOOKS; i++) {
    if ((Atomics.load(control, words.ticket) & 255) > 0) {
      return index < Atomics.load(control, words.limit);
    }
  }
  return false;
}

function work(): never {
  let lastWork = performance.now();
  for (;;) {
    if (look()) {
      while (takeTask(board, index + 1, kernels));
      lastWork = performance.now();
    } else if (performance.now() - lastWork > AWAKE_MS) {
      Atomics.add(control, words.sleepers, 1);
      const ticket = Atomics.load(control, words.ticket);
      // Of tasks that are not for it, it waits for the next change.
      const mine = (ticket & 255) > 0 && index < Atomics.load(control, words.limit);
      if (!mine) Atomics.wait(control, words.ticket, ticket);
      Atomics.sub(control, words.sleepers, 1);
      lastWork = performance.now();
    }
  }
}

work();
