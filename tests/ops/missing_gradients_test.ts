import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { valueAndGradients } from "../../src/ops/gradients.ts";
import { backendTest } from "../support/backends.ts";

type Operation = (x: tf.Tensor) => tf.Tensor;

/** Values, and what `depth` derivatives are there. */
const x = [-1.5, -0.25, 0.5, 2];
const cases: readonly [string, Operation, 1 | 2, (x: number) => number][] = [
  [
    "where",
    (x) => tf.where(tf.greater(x, 0), tf.square(x), tf.neg(x)),
    1,
    (x) => x > 0 ? 2 * x : -1,
  ],
  [
    "where twice",
    (x) => tf.where(tf.greater(x, 0), tf.square(x), tf.neg(x)),
    2,
    (x) => x > 0 ? 2 : 0,
  ],
  ["elu", tf.elu, 2, (x) => x > 0 ? 0 : Math.exp(x)],
  ["selu", tf.selu, 2, (x) => x > 0 ? 0 : 1.0507009873554805 * 1.6732632423543772 * Math.exp(x)],
  // The square of a piecewise linear function has slopes' squares.
  ["leakyRelu", (x) => tf.square(tf.leakyRelu(x, 0.5)), 2, (x) => x > 0 ? 2 : 0.5],
  ["max", (x) => tf.square(tf.max(tf.stack([x, tf.mul(x, 3)]), 0)), 2, (x) => x > 0 ? 18 : 2],
];

for (const [name, operation, depth, known] of cases) {
  backendTest(`${name} has ${depth} derivative${depth > 1 ? "s" : ""}`, ["cpu"], () => {
    const before = tf.memory().numTensors;
    const derivative = (f: Operation): Operation => (x) =>
      valueAndGradients((x) => tf.sum(f(x)), [x]).gradients[0]!;
    const found = tf.tidy(() => {
      const f = depth === 2 ? derivative(operation) : operation;
      return [...derivative(f)(tf.tensor1d(x)).dataSync()];
    });
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - known(x[i]!)) < 1e-5, `at ${x[i]}: ${value}`);
    });
    assert.equal(tf.memory().numTensors, before);
  });
}
