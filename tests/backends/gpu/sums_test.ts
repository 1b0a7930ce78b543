import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { fillNormal } from "../../../src/core/random/random.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";

const cases: readonly {
  readonly shape: number[];
  readonly axis: number | number[];
  readonly dispatches: number;
}[] = [
  { shape: [1, 1], axis: 0, dispatches: 1 },
  { shape: [13, 65], axis: 0, dispatches: 1 },
  { shape: [3, 5, 7, 2], axis: [0, 1, 2], dispatches: 1 },
  { shape: [3, 5, 7], axis: [0], dispatches: 1 },
  { shape: [1031, 3], axis: 0, dispatches: 2 }, // four partial sums
];

backendTest(
  "sums over the first axes take one dispatch, of many rows two",
  ["webgpu"],
  async () => {
    for (const { shape, axis, dispatches } of cases) {
      const values = fillNormal(
        { seed: 1, stream: 1 },
        0,
        new Float32Array(shape.reduce((a, b) => a * b)),
      );
      const kept = shape.length - [axis].flat().length;
      const width = shape.slice(-kept).reduce((a, b) => a * b, 1);
      const expected = new Float64Array(width);
      values.forEach((value, i) => expected[i % width]! += value);
      const x = tf.tensor(values, shape);
      const counter = countGpuCalls();
      const sums = tf.sum(x, axis);
      assert.equal(counter.calls().dispatches, dispatches, `[${shape}]`);
      counter.stop();
      assert.deepEqual(sums.shape, shape.slice(-kept));
      (await sums.data()).forEach((sum, i) => {
        assert.ok(Math.abs(sum - expected[i]!) < 1e-6 * values.length ** 0.5 + 1e-5, `[${shape}]`);
      });
      tf.dispose([x, sums]);
    }
  },
);

backendTest("other sums are those of tfjs", ["webgpu"], async () => {
  const x = tf.tensor(Float32Array.from({ length: 24 }, (_, i) => i), [2, 3, 4]);
  const found = tf.tidy(() => [
    tf.sum(x, 1),
    tf.sum(x, [0, 2]),
    tf.sum(x, 0, true),
    tf.sum(x),
  ]);
  assert.deepEqual(found.map(({ shape }) => shape), [[2, 4], [3], [1, 3, 4], []]);
  const last = await Promise.all(found.map(async (tensor) => (await tensor.data()).at(-1)));
  assert.deepEqual(last, [15 + 19 + 23, 8 + 9 + 10 + 11 + 20 + 21 + 22 + 23, 11 + 23, 276]);
  tf.dispose([x, ...found]);
});
