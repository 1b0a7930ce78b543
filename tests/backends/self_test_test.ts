import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import { selfTest } from "../../src/backends/self_test.ts";
import { solveSelfTest } from "../../src/ode/engines/solve_self_test.ts";
import { backendTest } from "../support/backends.ts";
import { losableDevice } from "../support/losable_device.ts";

backendTest("selfTest() passes", ["cpu", "webgpu"], async (backend) => {
  for (const { name, ok, relativeError, message } of await selfTest(backend)) {
    assert.ok(ok, `${name}: relative error ${relativeError}, ${message}`);
  }
});

Deno.test("selfTest() detects a kernel with wrong results and one that throws", async () => {
  const backend = await openBackend("cpu");
  const filterGradient = tf.getKernel("Conv2DBackpropFilter", backend.tfName);
  const tanh = tf.getKernel("Tanh", backend.tfName);
  tf.unregisterKernel("Conv2DBackpropFilter", backend.tfName);
  tf.unregisterKernel("Tanh", backend.tfName);
  try {
    // Almost right: one number in 54 is off by a hundredth of the largest.
    tf.registerKernel({
      ...filterGradient,
      kernelFunc: (call) => {
        const out = filterGradient.kernelFunc(call) as tf.TensorInfo;
        const heap = call.backend as { typedArrayFromHeap(out: tf.TensorInfo): Float32Array };
        heap.typedArrayFromHeap(out)[10]! += 0.5;
        return out;
      },
    });
    const failed = (await selfTest(backend)).filter(({ ok }) => !ok);
    assert.deepEqual(failed.map(({ name }) => name), ["conv2d, gradient of the filter", "tanh"]);
    assert.ok(Math.abs(failed[0]!.relativeError - 0.5 / 47) < 1e-6);
    assert.match(failed[1]!.message!, /Tanh/);
  } finally {
    tf.unregisterKernel("Conv2DBackpropFilter", backend.tfName);
    tf.registerKernel(filterGradient);
    tf.registerKernel(tanh);
  }
});

backendTest("self-tests without memory advise to free some", ["webgpu"], async (backend) => {
  backend.close();
  const { opened, refuse } = await losableDevice();
  refuse(new GPUOutOfMemoryError("Not enough memory left."));
  for (const { message } of [...await selfTest(opened), await solveSelfTest(opened)]) {
    assert.match(message!, /^WebGPU \(.*\): Not enough memory left: close other programs/);
  }
  opened.close();
});
