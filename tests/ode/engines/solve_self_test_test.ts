import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { solveSelfTest } from "../../../src/ode/engines/solve_self_test.ts";
import { backendTest } from "../../support/backends.ts";

backendTest("solveSelfTest() passes", ["cpu", "webgpu"], async (backend) => {
  const { name, ok, relativeError, message } = await solveSelfTest(backend);
  assert.ok(ok, `relative error ${relativeError}, ${message}`);
  assert.match(name, backend.kind === "cpu" ? /SIMD in WebAssembly/ : /GPU, whole solves in WGSL/);
});

backendTest("solveSelfTest() detects an operation with wrong results", ["cpu"], async (backend) => {
  // The portable engine's, with which the first engine is compared.
  const tanh = tf.getKernel("Sigmoid", backend.tfName);
  tf.unregisterKernel("Sigmoid", backend.tfName);
  try {
    const { ok, message } = await solveSelfTest(backend);
    assert.equal(ok, false);
    assert.match(message!, /Sigmoid/);
  } finally {
    tf.registerKernel(tanh);
  }
});
