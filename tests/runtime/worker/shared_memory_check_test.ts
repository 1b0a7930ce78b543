import assert from "node:assert/strict";
import { sharedMemoryWorkerTest } from "../../../src/runtime/worker/shared_memory_check.ts";
import { bundleHeader, workerBundle } from "../../../tools/build_worker.ts";

Deno.test("sharedMemoryWorkerTest() sees a worker compute on a shared memory", async () => {
  const { ok, detail } = await sharedMemoryWorkerTest();
  assert.ok(ok, detail);
});

Deno.test("the worker's bundle is made from the sources as they are", async () => {
  const header = (await Deno.readTextFile(workerBundle)).split("\n", 1)[0] + "\n";
  const sources = /from (.*); sha256/.exec(header)![1]!.split(", ");
  assert.ok(sources.includes("src/runtime/worker/entry.ts"));
  assert.equal(header, await bundleHeader(sources), "run: deno task build:worker");
});
