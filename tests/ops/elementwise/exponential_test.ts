import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { buildsTest } from "../_builds.ts";

buildsTest("exp() and sigmoid() at the limits of their range", () => {
  const x = tf.tensor1d([-Infinity, -1000, -104.5, 0, 89, 1000, Infinity, NaN]);
  const [e, s] = [tf.exp(x), tf.sigmoid(x)];
  assert.deepEqual([...e.dataSync()], [0, 0, 0, 1, Infinity, Infinity, Infinity, NaN]);
  const [least, low, small, ...rest] = s.dataSync();
  assert.ok([least, low, small].every((value) => value! >= 0 && value! < 1e-37));
  assert.deepEqual(rest, [0.5, 1, 1, 1, NaN]);
  tf.dispose([x, e, s]);
});

buildsTest("exp() and sigmoid() of a number do not depend on its position", () => {
  for (const count of [1, 3, 5, 8, 100_003]) {
    const x = tf.tensor1d(Float32Array.from({ length: count }, (_, i) => 0.3 * (i % 7) - 1));
    const [e, s] = [tf.exp(x), tf.sigmoid(x)];
    const [exps, sigmoids] = [e.dataSync(), s.dataSync()];
    for (let i = 7; i < count; i++) {
      assert.ok(
        exps[i] === exps[i - 7] && sigmoids[i] === sigmoids[i - 7],
        `number ${i} of ${count}`,
      );
    }
    assert.ok(Math.abs(exps[0]! - Math.exp(-1)) < 1e-7);
    assert.ok(Math.abs(sigmoids[0]! - 1 / (1 + Math.E)) < 1e-7);
    tf.dispose([x, e, s]);
  }
});
