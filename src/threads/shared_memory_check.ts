import { fromBase64 } from "../core/base64.ts";
import { FailureError } from "../core/errors.ts";
import { fullSharedMemory } from "../core/wasm/guarded_memory.ts";
import { memorySizes } from "../core/wasm/memory.layout.ts";
import { onSharedMemory } from "../core/wasm/memory_rewrite.ts";
import { processThreads, type Task } from "./thread_pool.ts";
import wasm from "./shared_memory_check.wasm.b64" with { type: "text" };

const PATIENCE_MS = 10_000;
/** Rounds without a pause; workers stay awake between them. */
const ROUNDS = 50;
/** Tasks per round, and numbers per task. */
const [TASKS, NUMBERS] = [40, 256];
/** Addresses of the threads' call counters and of the numbers. */
const CALLS_AT = memorySizes.values.WORDS_AT, CALLS_BYTES = 64;
const NUMBERS_AT = CALLS_AT + 2 * CALLS_BYTES;

/** Result of a check. */
export interface CheckResult {
  /** Whether it passed. */
  readonly ok: boolean;
  /** What was observed, or what went wrong. */
  readonly detail: string;
}

/**
 * Squares numbers in a shared memory on the main thread and a worker of the process's thread pool, until
 * the worker has done some.
 */
export async function sharedMemoryWorkerTest(): Promise<CheckResult> {
  const started = performance.now();
  try {
    const memory = fullSharedMemory(), { buffer } = memory;
    const module = new WebAssembly.Module(onSharedMemory(fromBase64(wasm), "memory"));
    const pool = await processThreads();
    const loaded = pool.load([module], memory, "the check of shared memory");
    const tasks: Task[] = Array.from({ length: TASKS }, (_, i) => [
      { name: "squareNumbers", values: [NUMBERS, NUMBERS_AT + 4 * NUMBERS * i, { own: 0 }] },
    ]);
    const numbers = new Float32Array(buffer, NUMBERS_AT, TASKS * NUMBERS);
    const callsOfWorker = new Int32Array(buffer, CALLS_AT + CALLS_BYTES, 1);
    const options = { threads: 2, scratch: { at: CALLS_AT, bytes: CALLS_BYTES } };
    while (performance.now() - started < PATIENCE_MS) {
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < numbers.length; i++) numbers[i] = i % 1000;
        pool.run(loaded, tasks, options);
        const wrong = numbers.findIndex((value, i) => value !== (i % 1000) ** 2);
        if (wrong >= 0) {
          const detail = `number ${wrong} is ${numbers[wrong]}, expected ${(wrong % 1000) ** 2}`;
          return { ok: false, detail };
        }
      }
      if (callsOfWorker[0]! > 0) {
        const ms = Math.round(performance.now() - started);
        return { ok: true, detail: `a worker computed on shared memory within ${ms} ms` };
      }
      // A worker that cannot start reports it by an event.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return { ok: false, detail: `no worker took part within ${PATIENCE_MS / 1000} s` };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof FailureError)) throw error;
    return { ok: false, detail: error.message };
  }
}
