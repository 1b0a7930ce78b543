import assert from "node:assert/strict";
import { sharedMemoryWorkerTest } from "../../src/threads/shared_memory_check.ts";

Deno.test("sharedMemoryWorkerTest() sees a worker compute on a shared memory", async () => {
  const { ok, detail } = await sharedMemoryWorkerTest();
  assert.ok(ok, detail);
});
