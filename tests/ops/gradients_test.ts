import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { valueAndGradients } from "../../src/ops/gradients.ts";
import { operation } from "../../src/ops/operation.ts";
import { backendTest } from "../support/backends.ts";

/** Squares that record the total bytes of all tensors at each VJP. */
function square(x: tf.Tensor, onPullBack: () => void): tf.Tensor {
  return operation([x], {
    value: (save) => {
      save([x]);
      return tf.square(x);
    },
    pullBack: (dy, [saved]) => [() => {
      onPullBack();
      return tf.mul(tf.mul(saved!, 2), dy);
    }],
  });
}

const powers = (x: tf.Tensor, times: number, onPullBack: () => void = () => {}) => {
  let y = x;
  for (let i = 0; i < times; i++) y = square(y, onPullBack);
  return tf.sum(y);
};

backendTest("valueAndGradients() agrees with tf.valueAndGrads", ["cpu", "webgpu"], async () => {
  const [a, b] = [tf.tensor2d([[0.5, -1], [2, 3]]), tf.tensor2d([[1, 2], [-0.5, 0.25]])];
  // One tensor is saved by two operations, and one is used twice.
  const f = (a: tf.Tensor, b: tf.Tensor) => {
    const product = tf.matMul(tf.tanh(a), b);
    return tf.sum(tf.add(tf.mul(product, a), tf.mul(product, tf.square(product))));
  };
  const ours = valueAndGradients(f as (...inputs: tf.Tensor[]) => tf.Tensor, [a, b]);
  const theirs = tf.valueAndGrads(f as (...inputs: tf.Tensor[]) => tf.Tensor)([a, b]);
  assert.deepEqual(await ours.value.data(), await theirs.value.data());
  for (const [i, gradient] of ours.gradients.entries()) {
    assert.deepEqual(await gradient.data(), await theirs.grads[i]!.data());
  }
  const dy = tf.tensor2d([[1, -1], [0.5, 2]]);
  const withCotangent = valueAndGradients((a, b) => tf.matMul(a!, b!), [a, b], dy);
  const expected = tf.grads((a, b) => tf.matMul(a, b))([a, b], dy);
  for (const [i, gradient] of withCotangent.gradients.entries()) {
    assert.deepEqual(await gradient.data(), await expected[i]!.data());
  }
  tf.dispose([a, b, dy, ours.value, theirs.value, withCotangent.value]);
  tf.dispose([...ours.gradients, ...theirs.grads, ...withCotangent.gradients, ...expected]);
});

backendTest("valueAndGradients() inside a gradient is differentiated", ["cpu"], async () => {
  const x = tf.tensor1d([0.5, -1, 2]);
  const second = tf.grad((x) => tf.sum(valueAndGradients((x) => powers(x!, 2), [x]).gradients[0]!))(
    x,
  );
  // x^4
  assert.deepEqual([...await second.data()], [3, 12, 48]);
  tf.dispose([x, second]);
});

backendTest("valueAndGradients() frees what each VJP saved", ["cpu", "webgpu"], async () => {
  const size = 1000, depth = 10;
  const x = tf.fill([size], 1.0001);
  const bytes: number[] = [];
  const { value, gradients } = valueAndGradients(
    (x) => powers(x!, depth, () => bytes.push(tf.memory().numBytes)),
    [x],
  );
  // Each operation saves one tensor; its cotangent takes its place.
  assert.equal(bytes.length, depth);
  assert.ok(bytes.at(-1)! <= bytes[0]! + 4 * size, `${bytes}`);
  await value.data();
  tf.dispose([x, value, ...gradients]);
});

backendTest("valueAndGradients() leaks nothing when it throws", ["cpu", "webgpu"], () => {
  const x = tf.ones([10]);
  const before = tf.memory().numBytes;
  const fail = () => {
    throw new Error("no memory");
  };
  assert.throws(
    () =>
      tf.tidy(() =>
        valueAndGradients((x) => {
          powers(x!, 3);
          return fail();
        }, [x])
      ),
    /no memory/,
  );
  assert.equal(tf.memory().numBytes, before);
  for (const failing of [1, 2, 4]) {
    let pulledBack = 0;
    const onPullBack = () => ++pulledBack === failing && fail();
    const differentiate = () => valueAndGradients((x) => powers(x!, 4, onPullBack), [x]);
    assert.throws(() => tf.tidy(differentiate), /no memory/);
    assert.equal(tf.memory().numBytes, before);
  }
  x.dispose();
});

backendTest("valueAndGradients() says what to do where tfjs has no gradient", ["cpu"], () => {
  const x = tf.tensor1d([1, 2]);
  const gradientOf = (f: (x: tf.Tensor) => tf.Tensor) => () =>
    tf.tidy(() => valueAndGradients((x) => f(x!), [x]));
  assert.throws(gradientOf((x) => tf.einsum("i,i->", x, x)), {
    name: "RangeError",
    message: /tfjs has none of Einsum; use other operations/,
  });
  assert.throws(gradientOf(() => tf.scalar(1)), {
    name: "RangeError",
    message: /depends on none of the tensors .* from the parameters that the function receives$/,
  });
  x.dispose();
});
