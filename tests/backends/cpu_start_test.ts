import assert from "node:assert/strict";
import { openBackend } from "../../src/backends/open_backend.ts";

Deno.test("tfjs's module is instantiated once, however many callers open the CPU backend", async () => {
  const { instantiate } = WebAssembly;
  let instances = 0;
  WebAssembly.instantiate = ((...given: Parameters<typeof instantiate>) => {
    instances++;
    return instantiate(...given);
  }) as typeof instantiate;
  try {
    await Promise.all([
      openBackend("cpu", { threads: 1 }),
      openBackend("cpu", { threads: 1, portableBits: true }),
      openBackend("cpu", { threads: 1 }),
    ]);
    // Time for a second start, if there were one, to finish.
    await new Promise((resolve) => setTimeout(resolve, 200));
  } finally {
    WebAssembly.instantiate = instantiate;
  }
  assert.equal(instances, 1);
});
