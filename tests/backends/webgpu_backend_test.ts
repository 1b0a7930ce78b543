import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import { ADAM_STEP } from "../../src/ops/adam/contract.ts";
import { backendTest } from "../support/backends.ts";

backendTest(
  "Fluxion's WebGPU backend leaves tfjs's own as it was",
  ["webgpu"],
  async (backend) => {
    assert.equal(backend.tfName, "fluxion-webgpu");
    const copied = tf.getKernelsForBackend(backend.tfName).map(({ kernelName }) => kernelName);
    const own = tf.getKernelsForBackend("webgpu").map(({ kernelName }) => kernelName);
    assert.ok(own.length > 100);
    assert.deepEqual(own.filter((name) => !copied.includes(name)), []);
    assert.ok(copied.includes(ADAM_STEP) && !own.includes(ADAM_STEP));
    assert.equal(tf.env().getBool("WEBGPU_CPU_FORWARD"), true);
    const factory = tf.findBackendFactory("webgpu");
    assert.ok(factory !== null);
    // Of a program's own device, which it opens and uses beside Fluxion's.
    assert.equal(await tf.setBackend("webgpu"), true);
    const users = tf.backend(), two = tf.tensor1d([1, 2]);
    try {
      assert.notEqual(users, tf.findBackend(backend.tfName));
      backend.close();
      await openBackend("webgpu");
      assert.equal(tf.getBackend(), backend.tfName);
      assert.equal(tf.findBackend("webgpu"), users);
      assert.equal(tf.findBackendFactory("webgpu"), factory);
      // tfjs moves it to the current backend.
      const sum = tf.tidy(() => tf.sum(two));
      assert.deepEqual([...await sum.data()], [3]);
      sum.dispose();
    } finally {
      two.dispose();
    }
  },
);

backendTest("openBackend() makes no backend of tfjs's its choice", ["webgpu"], () => {
  // tfjs's package for WebGPU, which opening imports, ranks its backend above all others.
  const { registryFactory } = tf.engine();
  assert.ok(registryFactory["webgpu"]!.priority < registryFactory["cpu"]!.priority);
});
