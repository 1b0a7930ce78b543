import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { eightGaussiansSource } from "../../../src/flows/sources/eight_gaussians.ts";
import { logDensities, numberDensity } from "../../../src/flows/sources/number_density.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { backendTest } from "../../support/backends.ts";

const rows = 5;

backendTest("numberDensity() of the standard normal has the bits of its tensor form", [
  "cpu",
], async () => {
  for (const width of [1, 2, 3, 8, 43, 784]) {
    const z = fillNormal(keyOf(subsequences.caller, 3, 2), 0, new Float32Array(rows * width));
    const [density, score] = tf.tidy(() => {
      const x = tf.tensor2d(z, [rows, width]);
      return [
        standardNormal.logDensity!(x).dataSync(),
        standardNormal.score!(x).dataSync(),
      ] as const;
    });
    assert.deepEqual(await logDensities(standardNormal, z, width), density, `${width}`);
    const { scoreSlope } = numberDensity(standardNormal)!;
    assert.deepEqual(z.map((value) => scoreSlope * value), score);
  }
});

backendTest("logDensities() takes the tensor form where there is no other", ["cpu"], async () => {
  assert.equal(numberDensity(eightGaussiansSource), null);
  const z = Float32Array.of(1, 2, -0.5, 0.25);
  const expected = tf.tidy(() =>
    eightGaussiansSource.logDensity!(tf.tensor2d(z, [2, 2])).dataSync()
  );
  assert.deepEqual(await logDensities(eightGaussiansSource, z, 2), expected);
});
