import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { double, halve, join } from "../../../src/ops/resample/resample.ts";
import { backendTest } from "../../support/backends.ts";

// Two images of 2x4 pixels and 2 channels, which differ in magnitude.
const shape: [number, number, number, number] = [2, 2, 4, 2];
const values = Float32Array.from(
  { length: 32 },
  (_, i) => (i % 2 === 0 ? 1 : 100) * (1 + (i >> 1)),
);

backendTest("double() repeats each pixel, halve() averages four", [
  "cpu",
  "webgpu",
], async () => {
  const x = tf.tensor4d(values, shape);
  const large = double(x), small = halve(x), back = halve(large);
  assert.deepEqual(large.shape, [2, 4, 8, 2]);
  const first = (await large.data()).slice(0, 16);
  assert.deepEqual([...first], [1, 100, 1, 100, 2, 200, 2, 200, 3, 300, 3, 300, 4, 400, 4, 400]);
  assert.deepEqual(small.shape, [2, 1, 2, 2]);
  // Pixels 1, 2, 5, 6 and 3, 4, 7, 8 of the first image; 9, 10, 13, 14 and so on of the second.
  assert.deepEqual([...await small.data()], [3.5, 350, 5.5, 550, 11.5, 1150, 13.5, 1350]);
  assert.deepEqual(await back.data(), values);
  tf.dispose([x, large, small, back]);
});

/** Image, row, column and channel of each number of images. */
function places([n, h, w, c]: readonly [number, number, number, number]) {
  return Array.from(
    { length: n * h * w * c },
    (_, i) =>
      [
        ...[Math.floor(i / (h * w * c)), Math.floor(i / (w * c)) % h] as const,
        ...[Math.floor(i / c) % w, i % c] as const,
      ] as const,
  );
}

// Channels in fours have kernels of their own on both backends; 1,560 numbers are several workgroups.
backendTest("double(), halve() and their VJPs by the index of each pixel", [
  "cpu",
  "webgpu",
], async () => {
  for (const [n, h, w, c] of [[1, 1, 1, 4], [2, 3, 13, 20], [3, 5, 2, 8]] as const) {
    const [small, large] = [[n, h, w, c], [n, 2 * h, 2 * w, c]] as const;
    const numbersOf = (shape: readonly [number, number, number, number]) =>
      Float32Array.from(
        places(shape),
        ([i, row, column, k]) => 5e5 * i + 1e4 * row + 100 * column + k,
      );
    const x = tf.tensor4d(numbersOf(small), [...small]),
      big = tf.tensor4d(numbersOf(large), [...large]);
    const at = (i: number, row: number, column: number, k: number) =>
      5e5 * i + 1e4 * row + 100 * column + k;
    const repeated = Float32Array.from(
      places(large),
      ([i, row, column, k]) => at(i, row >> 1, column >> 1, k),
    );
    const mean = Float32Array.from(
      places(small),
      ([i, row, column, k]) => at(i, 2 * row + 0.5, 2 * column + 0.5, k),
    );
    const results = tf.tidy(() =>
      [
        [double(x), repeated, 1],
        [halve(big), mean, 1],
        [tf.grad((x) => double(x as tf.Tensor4D))(x, big), mean, 4],
        [tf.grad((x) => halve(x as tf.Tensor4D))(big, x), repeated, 0.25],
      ] as const
    );
    for (const [found, expected, factor] of results) {
      assert.deepEqual(await found.data(), expected.map((value) => factor * value));
    }
    tf.dispose([x, big, ...results.map(([found]) => found)]);
  }
});

backendTest("join() concatenates channels and passes each its cotangent", [
  "cpu",
  "webgpu",
], async () => {
  const a = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]), b = tf.tensor4d([5, 6], [1, 1, 2, 1]);
  const dy = tf.tensor4d([10, 20, 30, 40, 50, 60], [1, 1, 2, 3]);
  const y = join(a, b);
  assert.deepEqual([...await y.data()], [1, 2, 5, 3, 4, 6]);
  const gradients = tf.grads((a, b) => join(a as tf.Tensor4D, b as tf.Tensor4D))([a, b], dy);
  assert.deepEqual([...await gradients[0]!.data()], [10, 20, 40, 50]);
  assert.deepEqual([...await gradients[1]!.data()], [30, 60]);
  tf.dispose([a, b, dy, y, ...gradients]);
});

backendTest("halve() and double() have their transposes as VJPs", ["cpu"], async () => {
  const inner = async (a: tf.Tensor, b: tf.Tensor) => {
    const product = tf.tidy(() => tf.sum(tf.mul(a, b)));
    const [value] = await product.data();
    product.dispose();
    return value!;
  };
  const x = tf.tensor4d(values, shape);
  for (const [operation, size] of [[halve, [2, 1, 2, 2]], [double, [2, 4, 8, 2]]] as const) {
    const dy = tf.tidy(() =>
      tf.reshape(tf.range(0, tf.util.sizeFromShape([...size]), 1), [...size])
    );
    const y = operation(x);
    const dx = tf.grad((x) => operation(x as tf.Tensor4D))(x, dy);
    const there = await inner(y, dy), back = await inner(x, dx);
    assert.ok(Math.abs(there - back) < 1e-6 * Math.abs(there), `${there} and ${back}`);
    tf.dispose([dy, y, dx]);
  }
  x.dispose();
});
