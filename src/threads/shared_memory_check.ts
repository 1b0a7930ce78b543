import { FailureError } from "../core/errors.ts";
import { fullSharedMemory } from "../core/wasm/guarded_memory.ts";
import { CAPACITY, control, sharedBlock, states } from "./shared_block.ts";
import { startWorker } from "./start_worker.ts";

const PATIENCE_MS = 10_000;

/** Whether a check passed, and what was seen. */
export interface CheckResult {
  /** Whether it passed. */
  readonly ok: boolean;
  /** What was seen, or what went wrong. */
  readonly detail: string;
}

/**
 * Has a worker square numbers in a memory that it shares with the program. The numbers
 * are written after the memory was posted, so a copy would not do.
 */
export async function sharedMemoryWorkerTest(): Promise<CheckResult> {
  let memory;
  try {
    memory = fullSharedMemory();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof FailureError)) throw error;
    return { ok: false, detail: `no shared memory: ${error.message}` };
  }
  const block = sharedBlock(memory);
  const started = performance.now();
  const worker = startWorker(memory);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const failed = new Promise<string>((resolve) => {
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        resolve(`the worker failed: ${event.message}`);
      });
      timer = setTimeout(
        () => resolve(`the worker did not answer within ${PATIENCE_MS / 1000} s`),
        PATIENCE_MS,
      );
    });
    for (let i = 0; i < CAPACITY; i++) block.numbers[i] = i % 1000;
    Atomics.store(block.control, control.count, CAPACITY);
    Atomics.store(block.control, control.state, states.toDo);
    Atomics.notify(block.control, control.state);
    const failure = await Promise.race([failed, untilDone(block.control)]);
    if (failure !== null) return { ok: false, detail: failure };
    const wrong = block.numbers.findIndex((value, i) => value !== (i % 1000) ** 2);
    if (wrong >= 0) {
      const expected = (wrong % 1000) ** 2;
      return {
        ok: false,
        detail: `number ${wrong} is ${block.numbers[wrong]}, expected ${expected}`,
      };
    }
    const ms = Math.round(performance.now() - started);
    return { ok: true, detail: `a worker computed on shared memory within ${ms} ms` };
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

/** Null when the worker has finished. */
async function untilDone(words: Int32Array): Promise<null> {
  while (Atomics.load(words, control.state) !== states.done) {
    await Atomics.waitAsync(words, control.state, states.toDo).value;
  }
  return null;
}
