import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { convolve } from "../../../src/ops/convolution/convolution.ts";
import {
  resnetBlock,
  type ResnetBlockParameters,
} from "../../../src/ops/resnet_block/resnet_block.ts";
import { backendTest } from "../../support/backends.ts";

/** Numbers with no pattern; the same on each call. */
function tensor(shape: number[], phase: number): tf.Tensor {
  const values = Float32Array.from(
    { length: tf.util.sizeFromShape(shape) },
    (_, i) => Math.sin(12.9898 * (i + 1) * (i + phase)),
  );
  return tf.tensor(values, shape);
}

backendTest(
  "resnetBlock() and its gradients are those of three convolutions",
  ["cpu", "webgpu"],
  async () => {
    for (const [c, activation] of [[8, "linear"], [12, "relu"], [6, "relu"]] as const) {
      const [n, h, w] = [2, 3, 5];
      const inputs = [
        ...[tensor([n, h, w, c], 1), tensor([1, 1, c, c], 2), tensor([n, c], 3)],
        ...[tensor([3, 3, c, c], 4), tensor([c], 5), tensor([1, 1, c, c], 6), tensor([c], 7)],
      ];
      const dy = tensor([n, h, w, c], 8);
      const parametersOf = ([, f1, b1, f2, b2, f3, b3]: tf.Tensor[]) =>
        [[f1, b1], [f2, b2], [f3, b3]].map(([filter, bias]) => ({
          filter,
          bias,
        })) as unknown as ResnetBlockParameters;
      const block = (...given: tf.Tensor[]) =>
        resnetBlock(given[0] as tf.Tensor4D, parametersOf(given), activation);
      const apart = (...given: tf.Tensor[]) => {
        const [first, second, third] = parametersOf(given);
        const x = given[0] as tf.Tensor4D;
        return tf.tidy(() => {
          const inner = convolve(convolve(x, first, "relu"), second, "relu");
          return convolve(inner, { ...third, residual: x }, activation);
        });
      };
      const before = tf.memory().numTensors;
      const results = [block, apart].map((f) => [f(...inputs), ...tf.grads(f)(inputs, dy)]);
      assert.equal(tf.memory().numTensors, before + 16);
      for (let i = 0; i < 8; i++) {
        const [a, b] = await Promise.all(results.map((result) => result[i]!.data()));
        const largest = Math.max(...b!.map(Math.abs), 1);
        const difference = Math.max(...a!.map((v, k) => Math.abs(v - b![k]!)));
        assert.ok(difference <= 3e-6 * largest, `c ${c}, result ${i}: ${difference / largest}`);
      }
      tf.dispose([results, inputs, dy]);
    }
  },
);
