import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { registerGpuAdam } from "../../../src/backends/gpu/adam.ts";
import { gpuOf } from "../../../src/backends/gpu/mod.ts";
import { adamStep } from "../../../src/ops/adam/adam_step.ts";
import { ADAM_STEP } from "../../../src/ops/adam/contract.ts";
import { backendTest } from "../../support/backends.ts";

// Values are those of float64: tests/ops/adam/adam_step_test.ts.
backendTest("a step of Adam is one dispatch, two with clipping", ["webgpu"], (backend) => {
  const gpu = gpuOf(backend);
  const [weights, gradient, m, v, average] = [1, 2, 3, 4, 5].map(() =>
    tf.ones([5000])
  ) as tf.Tensor1D[];
  const state = { weights: weights!, m: m!, v: v!, average: average! };
  const settings = { step: 0, lr: 1e-3, weightDecay: 0, averageDecay: 0.9 };
  const used = gpu.counts.used;
  for (const [clip, dispatches] of [[0, 1], [1, 2]] as const) {
    const before = gpu.counts.dispatches;
    const next = adamStep(state, gradient!, { ...settings, clip });
    assert.equal(gpu.counts.dispatches - before, dispatches);
    tf.dispose([next.weights, next.m, next.v, next.average!]);
  }
  assert.equal(gpu.counts.used, used);
  tf.dispose([gradient!, ...Object.values(state)]);
});

Deno.test("registerGpuAdam() leaves the composed step to a device with too few bindings", () => {
  const limits = {
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBufferBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 28,
  };
  const name = "no backend";
  // WebGPU guarantees 8; Chromium has 10.
  for (const [bindings, isKnown] of [[8, false], [10, true]] as const) {
    registerGpuAdam(name, {
      limits: { ...limits, maxStorageBuffersPerShaderStage: bindings },
      gpu: () => assert.fail(),
    });
    assert.equal(tf.getKernel(ADAM_STEP, name) !== undefined, isKnown);
  }
  tf.unregisterKernel(ADAM_STEP, name);
});
