import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { recordGuardedAdam, registerGpuAdam } from "../../../src/backends/gpu/adam.ts";
import { gpuOf, type PooledBuffer } from "../../../src/backends/gpu/mod.ts";
import { adamStep } from "../../../src/ops/adam/adam_step.ts";
import { ADAM_STEP } from "../../../src/ops/adam/contract.ts";
import { backendTest } from "../../support/backends.ts";
import { withGridLimit } from "../../support/grid_limit.ts";

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

backendTest(
  "a step of Adam is the same in a grid of two dimensions",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const numbers = (size: number, scale: number) =>
      Float32Array.from({ length: size }, (_, i) => scale * (1 + Math.cos(i)));
    // 25 workgroups of numbers and seven of squares, where five fit into a dimension.
    const size = 6300;
    const settings = { step: 0, lr: 1e-3, weightDecay: 0.1, averageDecay: 0, clip: 1 };
    const step = async () => {
      const [weights, gradient, m, v] = [1, 2, 3, 4].map((scale) =>
        tf.tensor1d(numbers(size, scale))
      ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      const next = adamStep({ weights, m, v, average: null }, gradient, settings);
      const values = await next.weights.data();
      tf.dispose([weights, gradient, m, v, next.weights, next.m, next.v]);
      return values;
    };
    const guarded = async () => {
      const [weights, gradient, m, v] = [1, 2, 3, 4].map((scale) =>
        gpu.filled(numbers(size, scale))
      ) as [PooledBuffer, PooledBuffer, PooledBuffer, PooledBuffer];
      const squares = gpu.filled(Float32Array.of(4)), verdict = gpu.filled(Float32Array.of(0));
      const along = { gradient, squares, verdict, settings };
      recordGuardedAdam(gpu, { weights, m, v, average: null }, along);
      const values = new Float32Array(await gpu.read(weights));
      for (const one of [weights, gradient, m, v, squares, verdict]) one.release();
      return values;
    };
    for (const one of [step, guarded]) {
      assert.deepEqual(await withGridLimit(gpu, 5, one), await one());
    }
  },
);

backendTest(
  "a guarded step of Adam has the bits of the other, and none after a verdict",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const numbers = (size: number, phase: number) =>
      Float32Array.from({ length: size }, (_, i) => Math.cos(i + phase));
    // One number, and either side of the workgroups' threads.
    for (
      const [size, hasAverage] of [[1, false], [255, true], [769, false], [4099, true]] as const
    ) {
      for (const clip of [0, 0.5]) {
        const settings = { step: 2, lr: 0.01, weightDecay: 0.1, averageDecay: 0.9, clip };
        // Its squares have exact sums, however they are added.
        const gradient = numbers(size, 0).map((value) => value > 0 ? 0.5 : -0.5);
        const [weights, m, average] = [1, 2, 3].map((phase) => numbers(size, phase)) as [
          ...[Float32Array, Float32Array, Float32Array],
        ];
        const v = m.map((value) => 0.1 * value * value);
        const given = hasAverage ? [weights, m, v, average] : [weights, m, v];

        const tensors = given.map((values) => tf.tensor1d(values));
        const ofLoss = tf.tensor1d(gradient), [w0, m0, v0, a0 = null] = tensors;
        const next = adamStep(
          { weights: w0!, m: m0!, v: v0!, average: a0 },
          ofLoss,
          settings,
        );
        const right = [next.weights, next.m, next.v, ...(hasAverage ? [next.average!] : [])];
        const expected = await Promise.all(right.map((tensor) => tensor.data<"float32">()));
        tf.dispose([ofLoss, ...tensors, ...right]);

        for (const verdict of [0, 4]) {
          const state = given.map((values) => gpu.filled(values));
          const [ofWeights, ofM, ofV, ofAverage = null] = state;
          const along = [gradient, Float32Array.of(0.25 * size)].map((values) =>
            gpu.upload(values)
          );
          const flag = gpu.upload(Uint32Array.of(verdict));
          recordGuardedAdam(
            gpu,
            { weights: ofWeights!, m: ofM!, v: ofV!, average: ofAverage },
            { gradient: along[0]!, squares: along[1]!, verdict: flag, settings },
          );
          const found = await Promise.all(
            state.map(async (buffer) => new Float32Array(await gpu.read(buffer))),
          );
          for (const buffer of [...state, ...along, flag]) buffer.release();
          assert.deepEqual(found, verdict === 0 ? expected : given, `${size}, clip ${clip}`);
        }
      }
    }
  },
);

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
