import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { fillNormal } from "../../../src/core/random/random.ts";
import { valueAndGradients } from "../../../src/ops/gradients.ts";
import {
  meanSquaredError,
  meanSquaredErrorKernels,
} from "../../../src/ops/mean_squared_error/mean_squared_error.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";

/** Edges of the shaders: 256 threads, 4,096 numbers per partial sum, 256 sums in turn. */
const shapes = [[1], [257], [3, 4099], [277, 4096]];

for (const kind of ["cpu", "webgpu"] as const) {
  backendTest("meanSquaredError() and its gradient are those of float64", [kind], async () => {
    for (const shape of shapes) {
      const count = tf.util.sizeFromShape(shape);
      const normal = (subsequence: number) =>
        fillNormal({ seed: 3, stream: 1, subsequence }, 0, new Float32Array(count));
      const [a, b] = [normal(0).map((value) => value + 2), normal(1)];
      const tensors = [tf.tensor(a, shape), tf.tensor(b, shape)] as const;
      const run = () =>
        valueAndGradients(
          (a) => tf.mul(meanSquaredError(a!, tensors[1]), 3) as tf.Scalar,
          [tensors[0]],
        );
      const { value, gradients: [gradient] } = run();
      let sum = 0;
      a.forEach((number, i) => sum += (number - b[i]!) ** 2);
      const expected = 3 * sum / count;
      const [found] = await value.data();
      assert.ok(Math.abs(found! - expected) < 2e-6 * expected, `${found} for ${expected}`);
      const slopes = await gradient!.data();
      slopes.forEach((slope, i) => {
        const expected = 6 * (a[i]! - b[i]!) / count;
        assert.ok(Math.abs(slope - expected) < 2e-6 * 10 / count, `${slope} for ${expected}`);
      });
      tf.dispose([...tensors, value, gradient!]);
    }
  });
}

backendTest("meanSquaredError() takes three dispatches, and the same bits again", [
  "webgpu",
], async () => {
  const a = tf.fill([123, 45], 3), b = tf.fill([123, 45], 2.5), dy = tf.scalar(1);
  const { value, gradient } = meanSquaredErrorKernels;
  const run = () => [
    tf.engine().runKernel(value, { a, b }) as tf.Tensor,
    tf.engine().runKernel(gradient, { a, b, dy }) as tf.Tensor,
  ];
  const first = run();
  const counter = countGpuCalls();
  const second = run();
  assert.equal(counter.calls().dispatches, 3);
  counter.stop();
  for (const [i, tensor] of first.entries()) {
    assert.deepEqual(await tensor.data(), await second[i]!.data());
  }
  assert.equal((await first[0]!.data())[0], 0.25);
  assert.throws(() => tf.engine().runKernel(value, { a, b: dy }), /numbers of one shape/);
  tf.dispose([a, b, dy, ...first, ...second]);
});
