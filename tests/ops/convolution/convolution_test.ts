import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { convolve } from "../../../src/ops/convolution/convolution.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { backendTest } from "../../support/backends.ts";

function normal(shape: number[], subsequence: number): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  return tf.tensor(fillNormal({ seed: 4, stream: 4, subsequence }, 0, values), shape);
}

for (const kernel of [1, 3]) {
  for (const perImage of [false, true]) {
    for (const activation of ["linear", "relu"] as const) {
      for (const withResidual of [false, true]) {
        const words = `${kernel}x${kernel}, ${activation}` +
          (perImage ? ", a bias per image" : "") +
          (withResidual ? ", a residual" : "");
        backendTest(`convolve(), ${words}, agrees with its parts and their gradients`, [
          "cpu",
          "webgpu",
        ], async () => {
          const values = [
            normal([2, 5, 4, 8], 0),
            normal([kernel, kernel, 8, 8], 1),
            normal(perImage ? [2, 8] : [8], 2),
            ...(withResidual ? [normal([2, 5, 4, 8], 3)] : []),
          ];
          const weights = normal([2, 5, 4, 8], 5);
          const fused = (...[x, filter, bias, residual]: tf.Tensor[]) =>
            convolve(x as tf.Tensor4D, {
              filter: filter as tf.Tensor4D,
              bias: bias!,
              ...(residual ? { residual: residual as tf.Tensor4D } : {}),
            }, activation);
          const parts = (...[x, filter, bias, residual]: tf.Tensor[]) => {
            const product = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
            const sum = tf.add(product, tf.reshape(bias!, [-1, 1, 1, 8]));
            const y = residual ? tf.add(sum, residual) : sum;
            return activation === "relu" ? tf.relu(y) : y;
          };
          const results = [fused, parts].map((f) => {
            const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
              tf.sum(tf.mul(f(...tensors), weights))
            )(values);
            return [value, ...grads];
          });
          for (const [i, actual] of results[0]!.entries()) {
            const expected = await results[1]![i]!.data();
            const largest = Math.max(1, ...[...expected].map(Math.abs));
            (await actual.data()).forEach((value, k) =>
              assert.ok(Math.abs(value - expected[k]!) < 1e-5 * largest, `${i}, ${k}`)
            );
          }
          tf.dispose([...values, weights, ...results.flat()]);
        });
      }
    }
  }
}
