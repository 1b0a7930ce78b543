import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { sumNumbers } from "../../../src/ops/elementwise/sum_numbers.ts";
import { backendTest } from "../../support/backends.ts";
import { numbers } from "../_builds.ts";

backendTest("sumNumbers() has the bits of sums over a tensor's last axis", ["cpu"], () => {
  for (const count of [1, 2, 3, 4, 7, 8, 255, 256, 257, 1001, 4096]) {
    const rows = 3, values = numbers(rows * count, count);
    const [sums, means] = tf.tidy(() => {
      const x = tf.tensor2d(values, [rows, count]);
      return [tf.sum(x, 1).dataSync(), tf.mean(x, 1).dataSync()];
    });
    for (let row = 0; row < rows; row++) {
      const part = { first: row * count, count };
      assert.equal(sumNumbers(values, part), sums![row], `sum of ${count}`);
      assert.equal(sumNumbers(values, { ...part, scale: 1 / count }), means![row]);
    }
  }
});
