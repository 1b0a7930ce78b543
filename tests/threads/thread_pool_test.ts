import assert from "node:assert/strict";
import * as workerThreads from "node:worker_threads";
import asc from "assemblyscript/asc";
import { bundleHeader, workerPrograms } from "../../tools/build_worker.ts";
import { root } from "../../tools/bundle.ts";
import { FailureError } from "../../src/core/errors.ts";
import { fullSharedMemory } from "../../src/core/wasm/guarded_memory.ts";
import { onSharedMemory } from "../../src/core/wasm/memory_rewrite.ts";
import {
  type LoadedModules,
  type Task,
  ThreadPool,
  type WorkerThreads,
} from "../../src/threads/thread_pool.ts";

// A thread's scratch is at 1024 + 64 * thread, so that kernels know who calls them.
const scratch = { at: 1024, bytes: 64 };
const source = `
export function count(place: usize, scratch: usize): void {
  store<i32>(place, load<i32>(place) + 1);
  store<i32>(scratch, load<i32>(scratch) + 1);
  let x: f64 = 1;
  for (let i = 0; i < 20000; i++) x = sqrt(x + <f64>i);
  store<f64>(scratch + 8, x);
}
export function trapOfWorkers(place: usize, scratch: usize): void {
  if (scratch != 1024) unreachable();
  count(place, scratch);
}
export function waitUnlessProgram(place: usize, scratch: usize): void {
  if (scratch != 1024) while (!atomic.load<i32>(place)) {}
}
export function trap(place: usize): void {
  unreachable();
}`;

async function compile(): Promise<WebAssembly.Module> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...["m.ts", "--outFile", "m.wasm", "--runtime", "stub", "--enable", "threads"],
      ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
    ],
    {
      readFile: (name: string) => name === "m.ts" ? source : null,
      writeFile(_name: string, content: string | Uint8Array) {
        bytes = content as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  assert.equal(error, null, stderr.toString());
  return new WebAssembly.Module(onSharedMemory(bytes!, "memory"));
}

/** A task for each place, of one call. */
function tasks(name: string, places: readonly number[]): Task[] {
  return places.map((place) => [{ name, values: [place, { own: 0 }] }]);
}

/** A pool with the functions of {@link source}, and how many calls each thread has made. */
async function poolOf(threads: WorkerThreads = workerThreads) {
  const pool = new ThreadPool(threads);
  const loaded = pool.load([await compile()], fullSharedMemory(), "a kernel of the CPU backend");
  const numbers = new Int32Array(loaded.memory.buffer);
  const callsOf = (threads: number) =>
    Array.from({ length: threads }, (_, thread) => numbers[256 + 16 * thread]!);
  return { pool, loaded, numbers, callsOf };
}

type Pool = Awaited<ReturnType<typeof poolOf>>;

/** Runs rounds of 40 calls until so many threads took part; gives the calls of each. */
function runUntilAll({ pool, loaded, callsOf }: Pool, threads: number): number[] {
  const deadline = performance.now() + 10_000;
  while (callsOf(threads).includes(0)) {
    assert.ok(performance.now() < deadline, `not every thread took part: ${callsOf(threads)}`);
    const places = Array.from({ length: 40 }, (_, i) => 4096 + 64 * i);
    pool.run(loaded, tasks("count", places), { threads, scratch });
  }
  return callsOf(threads);
}

Deno.test("ThreadPool makes each call once, on every thread, without the event loop", async () => {
  const made = await poolOf(), { pool, loaded, numbers, callsOf } = made;
  const calls = runUntilAll(made, 3);
  const counts = Array.from({ length: 40 }, (_, i) => numbers[1024 + 16 * i]!);
  assert.equal(new Set(counts).size, 1, `${counts}`);
  assert.equal(calls.reduce((sum, n) => sum + n, 0), 40 * counts[0]!);
  // More than a round holds, of tasks and of calls.
  const many = Array.from({ length: 600 }, (_, i) => 65536 + 64 * i);
  pool.run(loaded, tasks("count", many), { threads: 3, scratch });
  for (let i = 0; i < 600; i++) assert.equal(numbers[16384 + 16 * i], 1);
  pool.run(
    loaded,
    [0, 1, 2, 3].map((i) => tasks("count", Array(300).fill(65536 + 64 * i)).flat()),
    { threads: 3, scratch },
  );
  for (let i = 0; i < 4; i++) assert.equal(numbers[16384 + 16 * i], 301);
  // Workers beyond the limit take nothing.
  const before = callsOf(3);
  pool.run(loaded, tasks("count", [65536, 65536]), { threads: 1, scratch });
  assert.deepEqual(callsOf(3), [before[0]! + 2, before[1], before[2]]);
});

Deno.test("ThreadPool: threads that a round has no scratch memory for take none of its tasks", async () => {
  const made = await poolOf(), { pool, loaded, callsOf } = made;
  runUntilAll(made, 3);
  // The second worker is awake and looks for tasks while rounds for more and for fewer follow.
  const places = Array.from({ length: 6 }, (_, i) => 4096 + 64 * i);
  const roundOf = (threads: number) =>
    pool.run(loaded, tasks("count", places), { threads, scratch });
  for (let i = 0; i < 300; i++) {
    roundOf(3);
    const before = callsOf(3);
    roundOf(2);
    const after = callsOf(3);
    assert.equal(after[2], before[2]);
    assert.equal(after[0]! + after[1]!, before[0]! + before[1]! + places.length);
  }
});

Deno.test("ThreadPool says what a worker's call threw, and goes on", async () => {
  const made = await poolOf(), { pool, loaded, numbers } = made;
  runUntilAll(made, 2);
  const calls = tasks("trapOfWorkers", Array.from({ length: 40 }, (_, i) => 4096 + 64 * i));
  let failure: unknown;
  const deadline = performance.now() + 10_000;
  while (failure === undefined && performance.now() < deadline) {
    try {
      pool.run(loaded, calls, { threads: 2, scratch });
    } catch (error) {
      failure = error;
    }
  }
  assert.ok(failure instanceof FailureError);
  assert.match(failure.message, /a kernel of the CPU backend failed: RuntimeError: unreachable/);
  assert.throws(
    () => pool.run(loaded, tasks("trap", [0, 0]), { threads: 2 }),
    /RuntimeError: unreachable/,
  );
  numbers.fill(0, 256, 288);
  runUntilAll(made, 2);
});

Deno.test("ThreadPool says that a worker did not start", async () => {
  const fail: ((error: Error) => void)[] = [];
  const broken = class {
    on(_event: "error", listener: (error: Error) => void) {
      fail.push(listener);
    }
    unref() {}
  };
  const { MessageChannel } = workerThreads;
  const { pool, loaded, numbers } = await poolOf(
    { Worker: broken, MessageChannel } as unknown as WorkerThreads,
  );
  const run = () => pool.run(loaded, tasks("count", [4096, 4160]), { threads: 2, scratch });
  run(); // the program makes both calls
  assert.deepEqual([numbers[1024], numbers[1040]], [1, 1]);
  assert.equal(fail.length, 1);
  fail[0]!(new Error("no thread left"));
  assert.throws(
    run,
    /^FailureError: a worker of the CPU backend did not start: no thread left$/,
  );
});

Deno.test("the same workers take tasks of modules on another memory that are loaded later", async () => {
  const made = await poolOf(), { pool } = made;
  runUntilAll(made, 2);
  const loaded = pool.load([await compile()], fullSharedMemory(), "others");
  const numbers = new Int32Array(loaded.memory.buffer);
  const others: Pool = {
    ...made,
    loaded,
    numbers,
    callsOf: () => [numbers[256]!, numbers[256 + 16]!],
  };
  const before = made.callsOf(2);
  runUntilAll(others, 2);
  assert.deepEqual(made.callsOf(2), before);
  assert.throws(
    () => pool.run(loaded, tasks("trap", [0, 0]), { threads: 2 }),
    /^FailureError: others failed: RuntimeError: unreachable/,
  );
});

Deno.test("ThreadPool.runAsync() shares tasks too, in turn, and says what a call threw", async () => {
  const { pool, loaded, numbers, callsOf } = await poolOf();
  const places = Array.from({ length: 40 }, (_, i) => 4096 + 64 * i);
  const run = (tasks: readonly Task[], on: LoadedModules = loaded) =>
    pool.runAsync(on, tasks, { threads: 3, scratch });
  const deadline = performance.now() + 10_000;
  let runs = 0;
  while (callsOf(3).includes(0)) {
    assert.ok(performance.now() < deadline, `not every thread took part: ${callsOf(3)}`);
    // None waits for the last.
    await Promise.all([run(tasks("count", places)), run(tasks("count", places))]);
    runs += 2;
  }
  for (const place of places) assert.equal(numbers[place / 4], runs);
  await assert.rejects(
    run(tasks("trap", [0, 0])),
    /^FailureError: a kernel of the CPU backend failed: RuntimeError: unreachable/,
  );
  await run(tasks("count", places));
  for (const place of places) assert.equal(numbers[place / 4], runs + 1);
});

Deno.test("while the end of a long task is awaited, events come in and other tasks are performed", async () => {
  const made = await poolOf(), { pool, loaded, numbers } = made;
  runUntilAll(made, 2);
  // A worker that takes one of the two waits until the program says go.
  let isDone = false;
  const long: Task[] = Array.from({ length: 2 }, () => [
    { name: "waitUnlessProgram", values: [8192, { own: 0 }] },
  ]);
  const deadline = performance.now() + 10_000;
  for (;;) {
    assert.ok(performance.now() < deadline, "the worker took no long task");
    isDone = false;
    Atomics.store(numbers, 2048, 0);
    const running = pool.runAsync(loaded, long, { threads: 2, scratch }).then(() => isDone = true);
    const seen = await new Promise<boolean>((resolve) => setTimeout(() => resolve(isDone), 0));
    if (seen) continue; // the program performed both
    const before = numbers[1024];
    pool.run(loaded, tasks("count", [4096, 4096]), { threads: 2, scratch });
    assert.deepEqual([numbers[1024], isDone], [before! + 2, false]);
    Atomics.store(numbers, 2048, 1);
    await running;
    return;
  }
});

for (const program of workerPrograms) {
  const name = program.entry.slice(root.length + 1);
  Deno.test(`the bundle of ${name} is made from its sources as they are`, async () => {
    const header = (await Deno.readTextFile(program.bundle)).split("\n", 1)[0] + "\n";
    const sources = /from (.*); sha256/.exec(header)![1]!.split(", ");
    assert.ok(sources.includes(name));
    assert.equal(header, await bundleHeader(sources), "run: deno task build:worker");
  });
}
