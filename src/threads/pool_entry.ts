import { parentPort, workerData } from "node:worker_threads";
import {
  poolImports,
  poolStates,
  type WorkerFailure,
  type WorkerStart,
  workerWords,
} from "./pool_words.ts";

// What a worker of the pool runs: `deno task build:worker` bundles this file to
// pool_entry.bundle.txt. It sleeps until its state says `running`, for as long as the program lives.
const { module, memory, index, functions, stopWord } = workerData as WorkerStart;
const { exports } = new WebAssembly.Instance(module, poolImports(memory, stopWord));
const words = workerWords(memory, index);
let state: number = poolStates.ready;
for (;;) {
  Atomics.store(words, 0, state);
  Atomics.notify(words, 0);
  for (let seen = state; seen !== poolStates.running; seen = Atomics.load(words, 0)) {
    Atomics.wait(words, 0, seen);
  }
  const [number, job] = [Atomics.load(words, 1) & 7, Atomics.load(words, 1) & ~7];
  try {
    (exports[functions[number]!] as (job: number, thread: number) => void)(job, index + 1);
    state = poolStates.ready;
  } catch (error) {
    parentPort!.postMessage({ message: String(error) } satisfies WorkerFailure);
    state = poolStates.failed;
  }
}
