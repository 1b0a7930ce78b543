import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { boardOn, isTaskLeft, type Kernel, takeTask, words } from "./board.ts";
import { moduleFunctions, type ModulesOnMemory, type WorkerStart } from "./module_functions.ts";

// Entry of every worker; `deno task build:worker` bundles it to worker_entry.bundle.txt. It runs until
// the process ends and sleeps when there is no work.

/** Polls of the ticket per reading of the clock. */
const LOOKS = 100;

const { buffer, index, port, stopWord } = workerData as WorkerStart;
const board = boardOn(buffer);
const control = board.words;
/** Functions of all received modules, in the order of their numbers. */
const functions: Kernel[] = [];

/** A function by number; its module was posted before the task that calls it was published. */
function functionOf(number: number): Kernel {
  while (functions.length <= number) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) continue;
    const { modules, memory, names } = received.message as ModulesOnMemory;
    let found: Record<string, Kernel>;
    try {
      found = moduleFunctions(modules, memory, stopWord);
    } catch (error) {
      const fail = (): void => {
        throw error;
      };
      found = Object.fromEntries(names.map((name) => [name, fail]));
    }
    functions.push(...names.map((name) => found[name]!));
  }
  return functions[number]!;
}

/** Polls the ticket; returns whether a task is available. */
function look(): boolean {
  for (let i = 0; i < LOOKS; i++) {
    if (isTaskLeft(Atomics.load(control, words.ticket), index + 1)) return true;
  }
  return false;
}

function work(): never {
  let lastWork = performance.now();
  for (;;) {
    if (look()) {
      while (takeTask(board, index + 1, functionOf));
      lastWork = performance.now();
    } else if (performance.now() - lastWork > Atomics.load(control, words.awakeMs)) {
      Atomics.add(control, words.sleepers, 1);
      const ticket = Atomics.load(control, words.ticket);
      if (!isTaskLeft(ticket, index + 1)) Atomics.wait(control, words.ticket, ticket);
      Atomics.sub(control, words.sleepers, 1);
      lastWork = performance.now();
    }
  }
}

work();
