import assert from "node:assert/strict";
import { EngineMemory } from "../../../../src/ode/engines/cpu/engine_memory.ts";
import { PageRanges } from "../../../../src/ode/engines/cpu/page_ranges.ts";

Deno.test("EngineMemory.allocate() reuses released memory, and reports when there is none", () => {
  const engine = new EngineMemory();
  const { buffer } = engine.memory;
  const one = engine.allocate(100_000), other = engine.allocate(1);
  assert.ok(one.bytes >= 100_000 && other.at >= one.at + one.bytes);
  engine.release(one);
  assert.deepEqual(engine.allocate(100_000), one);
  for (const bytes of [0, -1, -65_537, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => engine.allocate(bytes), RangeError, `${bytes} bytes`);
  }
  for (const bytes of [2 ** 31, 2 ** 40, 2 ** 52]) {
    assert.throws(() => engine.allocate(bytes), /no memory left.*smaller batch/);
  }
  const { at } = engine.allocate(2 ** 29);
  new Uint8Array(engine.memory.buffer, at, 2 ** 29)[2 ** 29 - 1] = 1;
  // A worker's instance may see only part of a memory that grows.
  assert.equal(engine.memory.buffer, buffer);
});

Deno.test("EngineMemory reports in one line that its memory cannot be reserved", () => {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(limits: WebAssembly.MemoryDescriptor) {
      if (limits.shared) throw new RangeError("could not allocate memory");
      super(limits);
    }
  };
  try {
    assert.throws(() => new EngineMemory(), {
      name: "FailureError",
      message: /^the CPU engine cannot reserve its 2 GiB of addresses: .*ulimit -v[^\n]*$/,
    });
  } finally {
    WebAssembly.Memory = Memory;
  }
});

Deno.test("PageRanges takes the best fit, and merges adjacent ranges", () => {
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
