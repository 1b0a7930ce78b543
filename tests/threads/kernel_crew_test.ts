import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import asc from "assemblyscript/asc";
import { FailureError } from "../../src/core/errors.ts";
import { fullSharedMemory } from "../../src/core/wasm/guarded_memory.ts";
import { onSharedMemory } from "../../src/core/wasm/memory_rewrite.ts";
import { type KernelCall, KernelCrew } from "../../src/threads/kernel_crew.ts";

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
export function trap(place: usize): void {
  unreachable();
}`;

async function compile(): Promise<WebAssembly.Module> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ["m.ts", "--outFile", "m.wasm", "--runtime", "stub", "--importMemory"],
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
function tasks(name: string, places: readonly number[]): KernelCall[][] {
  return places.map((place) => [{ name, values: [place, { own: 0 }] }]);
}

/** Runs rounds of 40 calls until so many threads took part; gives the calls of each. */
function runUntilAll(crew: KernelCrew, memory: WebAssembly.Memory, threads: number): number[] {
  const numbers = new Int32Array(memory.buffer);
  const callsOf = () => Array.from({ length: threads }, (_, thread) => numbers[256 + 16 * thread]!);
  const deadline = performance.now() + 10_000;
  while (callsOf().includes(0)) {
    assert.ok(performance.now() < deadline, `not every thread took part: ${callsOf()}`);
    crew.run(tasks("count", Array.from({ length: 40 }, (_, i) => 4096 + 64 * i)), scratch);
  }
  return callsOf();
}

Deno.test("KernelCrew makes each call once, on every thread, without the event loop", async () => {
  const memory = fullSharedMemory();
  const crew = new KernelCrew([await compile()], memory, Worker, () => {});
  crew.threads = 3;
  const calls = runUntilAll(crew, memory, 3);
  const numbers = new Int32Array(memory.buffer);
  const counts = Array.from({ length: 40 }, (_, i) => numbers[1024 + 16 * i]!);
  assert.equal(new Set(counts).size, 1, `${counts}`);
  assert.equal(calls.reduce((sum, n) => sum + n, 0), 40 * counts[0]!);
  // More than a round holds, of tasks and of calls.
  crew.run(tasks("count", Array.from({ length: 600 }, (_, i) => 65536 + 64 * i)), scratch);
  for (let i = 0; i < 600; i++) assert.equal(numbers[16384 + 16 * i], 1);
  crew.run(
    [0, 1, 2, 3].map((i) => tasks("count", Array(300).fill(65536 + 64 * i)).flat()),
    scratch,
  );
  for (let i = 0; i < 4; i++) assert.equal(numbers[16384 + 16 * i], 301);
  // Workers beyond the limit take nothing.
  crew.threads = 1;
  const before = numbers.slice(256, 256 + 48);
  crew.run(tasks("count", [65536, 65536]), scratch);
  const after = numbers.slice(256, 256 + 48);
  assert.deepEqual([after[0]! - before[0]!, after[16], after[32]], [2, before[16], before[32]]);
});

Deno.test("KernelCrew says what a worker's call threw, and goes on", async () => {
  const memory = fullSharedMemory();
  const crew = new KernelCrew([await compile()], memory, Worker, () => {});
  crew.threads = 2;
  runUntilAll(crew, memory, 2);
  const calls = tasks("trapOfWorkers", Array.from({ length: 40 }, (_, i) => 4096 + 64 * i));
  let failure: unknown;
  const deadline = performance.now() + 10_000;
  while (failure === undefined && performance.now() < deadline) {
    try {
      crew.run(calls, scratch);
    } catch (error) {
      failure = error;
    }
  }
  assert.ok(failure instanceof FailureError);
  assert.match(failure.message, /a kernel of the CPU backend failed: RuntimeError: unreachable/);
  assert.throws(() => crew.run(tasks("trap", [0, 0])), /RuntimeError: unreachable/);
  new Int32Array(memory.buffer).fill(0, 256, 288);
  runUntilAll(crew, memory, 2);
});

Deno.test("KernelCrew says that a worker did not start", async () => {
  const fail: ((error: Error) => void)[] = [];
  const broken = class {
    on(_event: "error", listener: (error: Error) => void) {
      fail.push(listener);
    }
    unref() {}
  };
  const memory = fullSharedMemory();
  const worker = broken as unknown as ConstructorParameters<typeof KernelCrew>[2];
  const crew = new KernelCrew([await compile()], memory, worker, () => {});
  crew.threads = 2;
  crew.run(tasks("count", [4096, 4160]), scratch); // the program makes both calls
  const numbers = new Int32Array(memory.buffer);
  assert.deepEqual([numbers[1024], numbers[1040]], [1, 1]);
  assert.equal(fail.length, 1);
  fail[0]!(new Error("no thread left"));
  assert.throws(
    () => crew.run(tasks("count", [4096, 4160]), scratch),
    /^FailureError: a worker of the CPU backend did not start: no thread left$/,
  );
});
