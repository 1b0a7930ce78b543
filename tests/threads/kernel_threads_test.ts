import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import { cpuKernels } from "../../src/ops/cpu_kernels.ts";
import { processThreads } from "../../src/threads/thread_pool.ts";
import type { WasmBackend } from "../../src/threads/wasm.ts";

Deno.test("pieces(): work that tasks repeat is at most a tenth, but each thread has a task", async () => {
  await openBackend("cpu", { threads: 1 });
  const backend = tf.backend() as unknown as WasmBackend;
  const simd = cpuKernels(await processThreads(), { backend, build: "fastest" });
  simd.threads = 2;
  assert.equal(simd.pieces(0), 1);
  assert.equal(simd.pieces(1e9), 16);
  assert.equal(simd.pieces(1e9, 1e7), 10);
  assert.equal(simd.pieces(1e9, 1e9), 2);
  assert.equal(simd.pieces(1e5, 1e5), 1);
  simd.threads = 1;
  assert.equal(simd.pieces(1e9), 1);
});
