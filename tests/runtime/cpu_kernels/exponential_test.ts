import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { buildsTest } from "./_builds.ts";

/** Numbers over a range, of every size and both signs, with a count that is no multiple of four. */
function spread(from: number, to: number): Float32Array {
  const count = 400_003;
  const values = Float32Array.from({ length: count }, (_, i) => from + (to - from) * i / count);
  for (let i = 0; i < 1000; i++) values[7 * i] = (i % 2 ? -1 : 1) * 2 ** (-140 * i / 1000);
  return values;
}

/** The largest distance from float64, in units of the last place of the float32 that is right. */
function largestUlps(actual: ArrayLike<number>, x: Float32Array, f: (x: number) => number) {
  let largest = 0;
  x.forEach((value, i) => {
    const expected = f(value);
    const exponent = Math.max(-126, Math.floor(Math.log2(expected)));
    largest = Math.max(largest, Math.abs(actual[i]! - expected) / 2 ** (exponent - 23));
  });
  return largest;
}

buildsTest("exp() is within 2 ulp wherever float32 has a result", () => {
  const values = spread(-103.9, 88.7), x = tf.tensor1d(values), y = tf.exp(x);
  const ulps = largestUlps(y.dataSync(), values, Math.exp);
  assert.ok(ulps < 2, `${ulps} ulp`);
  tf.dispose([x, y]);
});

buildsTest("sigmoid() is within 3 ulp down to the smallest normal number", () => {
  const values = spread(-87, 100), x = tf.tensor1d(values), y = tf.sigmoid(x);
  const ulps = largestUlps(y.dataSync(), values, (value) => 1 / (1 + Math.exp(-value)));
  assert.ok(ulps < 3, `${ulps} ulp`);
  tf.dispose([x, y]);
});

buildsTest("exp() and sigmoid() at their ends", () => {
  const x = tf.tensor1d([-Infinity, -1000, -104.5, 0, 89, 1000, Infinity, NaN]);
  const [e, s] = [tf.exp(x), tf.sigmoid(x)];
  assert.deepEqual([...e.dataSync()], [0, 0, 0, 1, Infinity, Infinity, Infinity, NaN]);
  const [least, low, small, ...rest] = s.dataSync();
  assert.ok([least, low, small].every((value) => value! >= 0 && value! < 1e-37));
  assert.deepEqual(rest, [0.5, 1, 1, 1, NaN]);
  tf.dispose([x, e, s]);
});
