import assert from "node:assert/strict";
import asc from "assemblyscript/asc";
import { FailureError } from "../../src/core/errors.ts";
import { PageRanges } from "../../src/threads/page_ranges.ts";
import { Pool } from "../../src/threads/pool.ts";
import { bundleHeader, workerPrograms } from "../../tools/build_worker.ts";
import { root } from "../../tools/bundle.ts";

const source = `
export function count(job: usize, thread: i32): void {
  atomic.add<i32>(job + thread * 4, 1);
}
export function trap(job: usize, thread: i32): void {
  if (thread) unreachable();
}`;

async function compile(): Promise<WebAssembly.Module> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main([
    "m.ts",
    ...["--outFile", "m.wasm", "--runtime", "stub", "--enable", "threads"],
    ...["--importMemory", "--sharedMemory", "--initialMemory", "32768", "--maximumMemory", "32768"],
  ], {
    readFile: (name: string) => name === "m.ts" ? source : null,
    writeFile(_name: string, content: string | Uint8Array) {
      bytes = content as Uint8Array;
    },
    listFiles: () => [],
  });
  assert.equal(error, null, stderr.toString());
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

Deno.test("Pool runs a function on workers too, once they are up, and survives one that fails", async () => {
  const pool = new Pool(await compile(), ["count", "trap"]);
  const { at } = pool.allocate(64);
  const counts = () => new Int32Array(pool.memory.buffer, at, 3).slice();
  let runs = 0;
  const deadline = performance.now() + 10_000;
  while (counts()[1] === 0 || counts()[2] === 0) {
    await pool.run("count", at, 3);
    runs++;
    assert.ok(performance.now() < deadline, "no worker came up within 10 s");
  }
  assert.equal(counts()[0], runs);
  const failed = pool.run("trap", at, 3);
  await assert.rejects(failed, FailureError);
  await assert.rejects(failed, /a worker of the CPU engine failed: RuntimeError: unreachable/);
  const before = counts();
  await pool.run("count", at, 3);
  assert.deepEqual(counts(), before.map((count) => count + 1));
  await pool.run("count", at, 1);
  assert.deepEqual(counts(), Int32Array.of(before[0]! + 2, before[1]! + 1, before[2]! + 1));
});

Deno.test("Pool.allocate() gives released memory again, and says when there is none", async () => {
  const pool = new Pool(await compile(), ["count"]);
  const { buffer } = pool.memory;
  const one = pool.allocate(100_000), other = pool.allocate(1);
  assert.ok(one.bytes >= 100_000 && other.at >= one.at + one.bytes);
  pool.release(one);
  assert.deepEqual(pool.allocate(100_000), one);
  for (const bytes of [0, -1, -65_537, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => pool.allocate(bytes), RangeError, `${bytes} bytes`);
  }
  for (const bytes of [2 ** 31, 2 ** 40, 2 ** 52]) {
    assert.throws(() => pool.allocate(bytes), /no memory left.*smaller batch/);
  }
  const { at } = pool.allocate(2 ** 29);
  new Uint8Array(pool.memory.buffer, at, 2 ** 29)[2 ** 29 - 1] = 1;
  // A memory that grows is one that a worker's instance may know in part only.
  assert.equal(pool.memory.buffer, buffer);
});

Deno.test("Pool says in one line that there is no room for its memory", async () => {
  const module = await compile();
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(limits: WebAssembly.MemoryDescriptor) {
      if (limits.shared) throw new RangeError("could not allocate memory");
      super(limits);
    }
  };
  try {
    assert.throws(() => new Pool(module, ["count"]), {
      name: "FailureError",
      message: /^the CPU engine cannot reserve its 2 GiB of addresses: .*ulimit -v[^\n]*$/,
    });
  } finally {
    WebAssembly.Memory = Memory;
  }
});

Deno.test("PageRanges gives the best fit, and makes one range of neighbours", () => {
  const ranges = new PageRanges();
  assert.equal(ranges.take(1), null);
  ranges.give({ first: 10, count: 4 });
  ranges.give({ first: 20, count: 2 });
  assert.equal(ranges.take(2), 20);
  assert.equal(ranges.take(1), 10);
  assert.equal(ranges.take(4), null);
  ranges.give({ first: 10, count: 1 });
  ranges.give({ first: 5, count: 2 });
  ranges.give({ first: 7, count: 3 });
  assert.equal(ranges.take(9), 5);
  assert.equal(ranges.take(1), null);
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
