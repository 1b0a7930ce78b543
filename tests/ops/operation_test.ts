import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { operation } from "../../src/ops/operation.ts";
import { backendTest } from "../support/backends.ts";

backendTest("operation() computes the requested cotangents only", ["cpu"], () => {
  const [a, b] = [tf.scalar(3), tf.scalar(5)];
  const asked: string[] = [];
  const product = (a: tf.Tensor, b: tf.Tensor) =>
    operation([a, b], {
      value: (save) => {
        save([a, b]);
        return tf.mul(a, b);
      },
      pullBack: (dy, [a, b]) => [
        () => {
          asked.push("a");
          return tf.mul(dy, b!);
        },
        () => {
          asked.push("b");
          return tf.mul(dy, a!);
        },
      ],
    });
  const before = tf.memory().numTensors;
  const value = product(a, b);
  assert.equal(value.dataSync()[0], 15);
  assert.deepEqual(asked, []);
  const ofB = tf.grad((b) => product(a, tf.square(b)))(b);
  assert.equal(ofB.dataSync()[0], 2 * 3 * 5);
  assert.deepEqual(asked, ["b"]);
  const both = tf.grads((a, b) => product(a, b))([a, b]);
  assert.deepEqual(both.map((gradient) => gradient.dataSync()[0]), [5, 3]);
  assert.deepEqual(asked, ["b", "a", "b"]);
  tf.dispose([value, ofB, ...both]);
  assert.equal(tf.memory().numTensors, before);
  tf.dispose([a, b]);
});
