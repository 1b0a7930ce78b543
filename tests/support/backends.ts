import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { requestAdapter } from "../../src/backends/adapters.ts";
import type { Backend, BackendKind } from "../../src/backends/backend.ts";
import { openBackend } from "../../src/backends/open_backend.ts";

const DRIVER_HINT = "no WebGPU adapter here; Debian's mesa-vulkan-drivers brings a software one";

// Asked once a test process. Under CI=true a missing adapter is a failure, not a reason to look away.
const hasAdapter = (await requestAdapter()) !== null;
const isCi = Deno.permissions.querySync({ name: "env", variable: "CI" }).state === "granted" &&
  Deno.env.get("CI") === "true";

/**
 * Registers one test a backend. The backend is open and current when `run`
 * starts; when it is done no tensor more may live than before.
 *
 * Without a WebGPU adapter its tests are ignored, with the reason in their
 * name; under CI=true they fail.
 */
export function backendTest(
  name: string,
  kinds: readonly BackendKind[],
  run: (backend: Backend) => void | Promise<void>,
): void {
  for (const kind of kinds) {
    const missing = kind === "webgpu" && !hasAdapter;
    Deno.test({
      name: `${name} [${kind}${missing ? `: ${DRIVER_HINT}` : ""}]`,
      ignore: missing && !isCi,
      fn: async () => {
        const backend = await openBackend(kind);
        const before = tf.memory().numTensors;
        await run(backend);
        (await openBackend(kind)).check(); // the test may have closed the first
        assert.equal(tf.memory().numTensors, before, "tensors left behind (or given back twice)");
      },
    });
  }
}
