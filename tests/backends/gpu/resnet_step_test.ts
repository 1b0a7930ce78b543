import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../../src/core/parameters.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { fmLossAndGradient } from "../../../src/flows/losses/fm_loss.ts";
import type { FlowModel } from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";

const BLOCKS = 2, ROWS = 3;
const network = resnetNetwork({ height: 7, width: 5, channels: 1, filters: 12, blocks: BLOCKS });

function model(): FlowModel {
  const { layout } = network;
  const weights = fillNormal({ seed: 3, stream: 0 }, 0, new Float32Array(layout.size));
  const parameters = Parameters.fromFlat(layout, weights.map((value) => 0.2 * value));
  const flow = { path: linearPath(1e-4), source: standardNormal, standardization: null };
  return { kind: "fm", network, parameters, ...flow };
}

/** Loss and gradient of a step, read back. */
async function step(of: FlowModel, index: number): Promise<Float32Array> {
  const rows = fillNormal({ seed: 4, stream: index }, 0, new Float32Array(ROWS * network.rowWidth));
  const batch = tf.tensor2d(rows, [ROWS, network.rowWidth]);
  const { loss, gradient } = fmLossAndGradient(of, batch, { seed: 1, step: index });
  const values = [...await loss.data(), ...await gradient.data()];
  tf.dispose([batch, loss, gradient]);
  return Float32Array.from(values);
}

backendTest(
  "a step of the ResNet has the CPU's gradients and few dispatches",
  ["webgpu"],
  async () => {
    const onGpu = model();
    const first = await step(onGpu, 0);
    assert.deepEqual(await step(onGpu, 0), first, "the same bits on repetition");
    const counter = countGpuCalls();
    try {
      await step(onGpu, 1);
      const { buffers, dispatches } = counter.calls();
      // By tfjs's kernels 90. Per block 3 are the values and 10 the gradient, one more with a ReLU.
      assert.ok(buffers === 0 && dispatches <= 51, `${buffers} buffers, ${dispatches} dispatches`);
    } finally {
      counter.stop();
    }
    onGpu.parameters.dispose();

    await openBackend("cpu");
    const onCpu = model();
    const expected = await step(onCpu, 0);
    onCpu.parameters.dispose();
    await openBackend("webgpu");
    const largest = expected.subarray(1).reduce(
      (most, value) => Math.max(most, Math.abs(value)),
      0,
    );
    assert.ok(
      Math.abs(first[0]! - expected[0]!) < 1e-6 * expected[0]!,
      `${first[0]}, ${expected[0]}`,
    );
    const errors = first.map((value, i) => i === 0 ? 0 : Math.abs(value - expected[i]!));
    assert.ok(Math.max(...errors) < 5e-6 * largest, `${Math.max(...errors) / largest}`);
  },
);
