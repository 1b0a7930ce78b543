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
  // Each operation saves one tensor; that of the next one and its cotangent are free by then.
  assert.equal(bytes.length, depth);
  for (let i = 1; i < depth; i++) assert.ok(bytes[i]! < bytes[i - 1]!, `${bytes}`);
  assert.ok(bytes.at(-1)! <= bytes[0]! - 4 * size * (depth - 2), `${bytes}`);
  await value.data();
  tf.dispose([x, value, ...gradients]);
});

backendTest("valueAndGradients() disposes no cotangent that is somebody else's", [
  "cpu",
], async () => {
  const x = tf.tensor1d([1, 2]), dy = tf.tensor1d([3, 5]);
  const slope = tf.tensor1d([7, 11]), kept: tf.Tensor[] = [];
  /** An operation with the given VJP for its two inputs. */
  const pair = (pullBack: (dy: tf.Tensor) => (() => tf.Tensor)[]) => (a: tf.Tensor, b: tf.Tensor) =>
    operation([a, b], { value: () => tf.add(a, b), pullBack });
  const passing = pair((dy) => [() => dy, () => dy]);
  const constant = pair(() => [() => slope, () => slope]);
  const keeping = pair((dy) => {
    kept.push(tf.keep(tf.mul(dy, 2)));
    return [() => kept[0]!, () => kept[0]!];
  });
  for (
    const [of, expected] of [
      [passing, [2 * 3 * 1, 2 * 5 * 2]],
      [constant, [2 * 7 * 1, 2 * 11 * 2]],
      [keeping, [2 * 6 * 1, 2 * 10 * 2]],
    ] as const
  ) {
    // Both inputs of the operation are results of others, whose cotangents are disposed.
    const f = (x: tf.Tensor | undefined) => of(tf.square(x!), tf.mul(x!, 0));
    const { value, gradients } = valueAndGradients(f, [x], dy);
    assert.deepEqual([...await gradients[0]!.data()], expected);
    tf.dispose([value, ...gradients]);
  }
  assert.deepEqual([...await slope.data()], [7, 11]);
  assert.deepEqual([...await dy.data()], [3, 5]);
  assert.deepEqual([...await kept[0]!.data()], [6, 10]);
  tf.dispose([x, dy, slope, ...kept]);
});

backendTest(
  "valueAndGradients() takes outputs that the value does not depend on as 0",
  ["cpu"],
  async () => {
    const x = tf.tensor1d([1, 2, 3, 4]);
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGradients((x) => {
      const [first] = tf.split(x!, 2);
      return tf.sum(tf.square(first!));
    }, [x]);
    assert.deepEqual(Array.from(await gradients[0]!.data()), [2, 4, 0, 0]);
    tf.dispose([value, gradients]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose(x);
  },
);

backendTest("valueAndGradients() takes a saved tensor as a gradient", ["cpu"], async () => {
  const x = tf.tensor1d([1, 2]);
  // Half of the square, whose VJP for a cotangent of 1 is what was saved.
  const half = tf.customGrad((x: tf.Tensor | tf.GradSaveFunc, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    const value = tf.sum(tf.mul(tf.square(x as tf.Tensor), 0.5));
    return { value, gradFunc: (_dy: tf.Tensor, saved: tf.Tensor[]) => saved[0]! };
  });
  const { value, gradients } = valueAndGradients((x) => half(tf.mul(x!, 3)), [x]);
  assert.deepEqual(Array.from(await gradients[0]!.data()), [9, 18]);
  tf.dispose([x, value, gradients]);
});

backendTest("valueAndGradients() computes no gradient that nobody asks for", ["cpu"], async () => {
  const [x, other] = [tf.tensor1d([2]), tf.tensor1d([3])];
  let asked = 0;
  const product = (a: tf.Tensor, b: tf.Tensor) =>
    operation([a, b], {
      value: () => tf.mul(a, b),
      pullBack: (dy) => [() => tf.mul(dy, b), () => {
        asked++;
        return tf.mul(dy, a);
      }],
    });
  const { value, gradients } = valueAndGradients((x) => tf.sum(product(x!, other)), [x]);
  assert.deepEqual([...await gradients[0]!.data()], [3]);
  assert.equal(asked, 0);
  tf.dispose([x, other, value, ...gradients]);
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
