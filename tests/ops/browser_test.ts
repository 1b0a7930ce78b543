import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { registerGpuFlowPairs } from "../../src/backends/gpu/flow/flow_pairs.ts";
import { registerGpuGroupNorm } from "../../src/backends/gpu/group_norm_silu.ts";
import { registerGpuResample } from "../../src/backends/gpu/resample.ts";
import { fillNormal, fillUniform } from "../../src/core/random/random.ts";
import { FLOW_PAIRS, TIMED_FLOW_PAIRS } from "../../src/ops/flow_pairs/flow_pairs.ts";
import { groupNormSiluKernels } from "../../src/ops/group_norm_silu/name.ts";
import { resampleKernels } from "../../src/ops/resample/cpu.ts";
import { withBrowserGpu } from "../ode/engines/gpu/browser_gpu.ts";
import { relativeError } from "../parity/fixtures.ts";
import { backendTest } from "../support/backends.ts";

/** A backend of tfjs's that has kernels only. */
const NAME = "browser";

// A second implementation of WGSL (Tint; the others are compiled by naga), which proves that barriers are in
// uniform control flow.
backendTest("the shaders of images run in Chromium as on the CPU", ["cpu"], async () => {
  const normal = (shape: number[], subsequence: number) => {
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    return tf.tensor(fillNormal({ seed: 1, stream: 1, subsequence }, 0, values), shape);
  };
  const run = (name: string, backendName: string, inputs: object, attrs: object = {}) =>
    [
      tf.getKernel(name, backendName).kernelFunc({
        inputs: inputs as tf.NamedTensorMap,
        attrs: attrs as never,
        backend: tf.backend(),
      }),
    ].flat() as tf.Tensor[];
  const images = [2, 6, 14, 20];
  const dy = normal(images, 0), x = normal(images, 1), shift = normal([2, 20], 2);
  const parameters = { scale: normal([20], 3), offset: normal([20], 4) };
  const rows = normal([3, 5], 5), coefficients = Float32Array.from({ length: 12 }, (_, i) => i);
  const key = { seed: 7, stream: 4 };
  const given = [dy, x, shift, rows, ...Object.values(parameters)];
  const owned: tf.Tensor[] = [];
  try {
    const found = await withBrowserGpu(async (gpu) => {
      // Chromium has ten storage buffers per shader.
      const limits = { ...gpu.limits, maxStorageBuffersPerShaderStage: 10 };
      const device = { limits, gpu: () => gpu.asGpu };
      registerGpuGroupNorm(NAME, device);
      registerGpuResample(NAME, device);
      registerGpuFlowPairs(NAME, device);
      const values: Float32Array[] = [];
      const keep = async (tensors: tf.Tensor[]) => {
        owned.push(...tensors);
        for (const tensor of tensors) values.push(await gpu.valuesOf(tensor));
        return tensors;
      };
      const inputs = { x, ...parameters, shift };
      const normed = await keep(run(groupNormSiluKernels.value, NAME, inputs));
      const statistics = { mean: normed[1]!, inverseStd: normed[2]! };
      await keep(run(groupNormSiluKernels.gradient, NAME, { dy, ...inputs, ...statistics }));
      await keep(run(resampleKernels.sumOfFour, NAME, { x }, { scale: 0.25 }));
      await keep(run(resampleKernels.fourTimes, NAME, { x }, { scale: 0.25 }));
      await keep(run(FLOW_PAIRS, NAME, { x1: rows }, { key, start: 3, coefficients }));
      const timed = { key, start: 3, times: { key, first: 6 }, slope: 0.75 };
      await keep(run(TIMED_FLOW_PAIRS, NAME, { x1: rows }, timed));
      return values;
    });
    const expected = tf.tidy(() => {
      const inputs = { x, ...parameters, shift };
      const engine = (name: string, inputs: object, attrs: object = {}) =>
        [tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as never)]
          .flat() as tf.Tensor[];
      const normed = engine(groupNormSiluKernels.value, inputs);
      const statistics = { mean: normed[1]!, inverseStd: normed[2]! };
      return [
        ...normed,
        ...engine(groupNormSiluKernels.gradient, { dy, ...inputs, ...statistics }),
        ...engine(resampleKernels.sumOfFour, { x }, { scale: 0.25 }),
        ...engine(resampleKernels.fourTimes, { x }, { scale: 0.25 }),
      ].map((tensor) => tensor.dataSync() as Float32Array);
    });
    const noise = fillNormal(key, 3, new Float32Array(15)), data = rows.dataSync();
    for (const k of [0, 2]) {
      expected.push(noise.map((x0, i) => {
        const at = 4 * Math.floor(i / 5) + k;
        return coefficients[at]! * data[i]! + coefficients[at + 1]! * x0;
      }));
    }
    const times = fillUniform(key, 6, new Float32Array(3));
    const timeOf = (i: number) => times[Math.floor(i / 5)]!;
    expected.push(
      noise.map((x0, i) => timeOf(i) * data[i]! + (1 - 0.75 * timeOf(i)) * x0),
      noise.map((x0, i) => data[i]! - 0.75 * x0),
      times,
    );
    assert.equal(found.length, expected.length);
    assert.deepEqual(found.at(-1), times);
    expected.forEach((values, i) => {
      const error = relativeError(found[i]!, values);
      assert.ok(error < 5e-6, `result ${i}: ${error}`);
    });
  } finally {
    tf.dispose([...given, ...owned]);
    for (const { kernelName } of tf.getKernelsForBackend(NAME)) {
      tf.unregisterKernel(kernelName, NAME);
    }
  }
});
