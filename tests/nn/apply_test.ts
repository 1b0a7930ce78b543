import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../src/core/parameters.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import type { Network } from "../../src/nn/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { backendTest } from "../support/backends.ts";
import { linear } from "../support/own_networks.ts";

const mlp: Network = mlpNetwork({ dims: 20, hidden: 128 });
const resnet: Network = resnetNetwork({
  height: 6,
  width: 5,
  channels: 2,
  filters: 4,
  blocks: 2,
});

// Sides are not multiples of four.
const unet: Network = unetNetwork({ height: 6, width: 5, channels: 2, filters: 4 });

function normal(shape: [number, number], subsequence: number): tf.Tensor2D {
  const key = { seed: 3, stream: 4, subsequence };
  return tf.tensor2d(fillNormal(key, 0, new Float32Array(shape[0] * shape[1])), shape);
}

/** Initial weights; a unet's are perturbed, since some of them start at zero. */
function weightsOf(network: Network): Float32Array {
  const flat = initialParameters(network, 1);
  if (network.kind !== "unet") return flat;
  const key = { seed: 3, stream: 1 };
  return fillNormal(key, 0, new Float32Array(flat.length)).map((v, i) => flat[i]! + 0.1 * v);
}

function fresh(network: Network): Parameters {
  return Parameters.fromFlat(network.layout, weightsOf(network));
}

// The two self-tests of the homework.
backendTest("a ConditionalMLP keeps the shape [2, 20] at t = 5", ["cpu", "webgpu"], async () => {
  const parameters = fresh(mlp), x = normal([2, 20], 0);
  const out = applyNetwork(mlp, parameters.tensors, x, { t: [5, 5] });
  assert.deepEqual(out.shape, [2, 20]);
  assert.ok((await out.data()).every(Number.isFinite));
  tf.dispose([x, out]);
  parameters.dispose();
});

for (const network of [resnet, unet]) {
  const name = `a ${network.kind} depends on t`;
  backendTest(name, ["cpu", "webgpu"], async () => {
    const parameters = fresh(network);
    const image = normal([1, network.rowWidth], 0);
    const x = tf.concat([image, image]) as tf.Tensor2D;
    const out = applyNetwork(network, parameters.tensors, x, { t: [0, 1] });
    assert.deepEqual(out.shape, x.shape);
    const values = await out.data(), row = network.rowWidth;
    const distance = Math.max(
      ...values.slice(0, row).map((v, i) => Math.abs(v - values[row + i]!)),
    );
    assert.ok(distance > 1e-3, `largest difference ${distance}`);
    tf.dispose([image, x, out]);
    parameters.dispose();
  });
}

backendTest("a unet accepts images of any size and number of channels", ["cpu"], async () => {
  for (
    const [height, width, channels] of [[28, 28, 1], [32, 32, 3], [1, 1, 1], [9, 4, 2]] as const
  ) {
    const network: Network = unetNetwork({ height, width, channels, filters: 4 });
    const parameters = fresh(network);
    const x = normal([2, network.rowWidth], 0);
    const out = applyNetwork(network, parameters.tensors, x, { t: [0.1, 0.7] });
    assert.deepEqual(out.shape, x.shape);
    assert.ok((await out.data()).every(Number.isFinite));
    tf.dispose([x, out]);
    parameters.dispose();
  }
});

backendTest("a fresh unet is zero everywhere, and still has a gradient", ["cpu"], async () => {
  const parameters = Parameters.fromFlat(unet.layout, initialParameters(unet, 1));
  const x = normal([2, unet.rowWidth], 0), target = normal([2, unet.rowWidth], 1);
  const gradients = tf.grads((...tensors) =>
    tf.mean(
      tf.squaredDifference(applyNetwork(unet, tensors, x, { t: [0.2, 0.8] }), target),
    ) as tf.Scalar
  )([...parameters.tensors]);
  const out = applyNetwork(unet, parameters.tensors, x, { t: [0.2, 0.8] });
  assert.ok((await out.data()).every((value) => value === 0));
  const last = await gradients.at(-2)!.data();
  assert.ok(last.some((value) => Math.abs(value) > 1e-3));
  tf.dispose([x, target, out, ...gradients]);
  parameters.dispose();
});

for (const network of [mlpNetwork({ dims: 3, hidden: 8 }), resnet, unet]) {
  // Central differences of the float32 network along a random direction.
  backendTest(`applyNetwork() of a ${network.kind} has the right gradient`, ["cpu"], async () => {
    const layout = network.layout;
    const flat = weightsOf(network);
    const x = normal([4, network.rowWidth], 0), weights = normal([4, network.rowWidth], 1);
    const times = [0.1, 0.4, 0.4, 0.9];
    const value = (tensors: readonly tf.Tensor[], x: tf.Tensor2D) =>
      tf.sum(tf.mul(applyNetwork(network, tensors, x, { t: times }), weights)) as tf.Scalar;

    const parameters = Parameters.fromFlat(layout, flat);
    const gradients = tf.grads((x, ...tensors) => value(tensors, x as tf.Tensor2D))(
      [x, ...parameters.tensors],
    );
    const gradient = Float32Array.from(
      (await Promise.all(gradients.slice(1).map((g) => g.data()))).flatMap((values) => [...values]),
    );
    const xGradient = await gradients[0]!.data(), xValues = await x.data();
    const random = (n: number) => fillNormal({ seed: 5, stream: 6 }, 0, new Float64Array(n));
    const along = random(flat.length), xAlong = random(xValues.length);
    const at = async (step: number) => {
      const moved = Parameters.fromFlat(layout, flat.map((v, i) => v + step * along[i]!));
      const movedX = tf.tensor2d(xValues.map((v, i) => v + step * xAlong[i]!), x.shape);
      const result = tf.tidy(() => value(moved.tensors, movedX));
      const [number] = await result.data();
      tf.dispose([movedX, result]);
      moved.dispose();
      return number!;
    };
    const h = 1e-3;
    const observed = (await at(h) - await at(-h)) / (2 * h);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((total, value, i) => total + value * b[i]!, 0);
    const expected = dot(gradient, along) + dot(xGradient, xAlong);
    // Rounding of values of size 10 divided by 2 h, and the kinks of ReLU.
    assert.ok(
      Math.abs(observed - expected) < 5e-3 * Math.max(1, Math.abs(expected)),
      `gradient ${expected}, observed ${observed}`,
    );
    tf.dispose([x, weights, ...gradients]);
    parameters.dispose();
  });
}

backendTest("applyNetwork() refuses mismatched rows and times", ["cpu"], () => {
  const x = tf.zeros([2, 3]) as tf.Tensor2D;
  assert.throws(
    () => applyNetwork(mlpNetwork({ dims: 4, hidden: 8 }), [], x, { t: [0, 0] }),
    /expected x of shape \[2, 4\] for 2 times, got \[2,3\]/,
  );
  assert.throws(
    () => applyNetwork(mlpNetwork({ dims: 3, hidden: 8 }), [], x, { t: [0] }),
    RangeError,
  );
  x.dispose();
});

backendTest("applyNetwork() refuses a result of another shape", ["cpu"], () => {
  const x = tf.zeros([2, 2]) as tf.Tensor2D;
  const wide: Network = { ...linear, apply: (_, x) => tf.concat([x, x], 1) as tf.Tensor2D };
  tf.tidy(() => {
    assert.throws(() => applyNetwork(wide, [], x, { t: [0, 1] }), {
      name: "RangeError",
      message: "linear: apply() must return a velocity of x's shape [2,2], got [2,4]",
    });
  });
  x.dispose();
});

backendTest("applyNetwork() refuses a result that is no tensor", ["cpu"], () => {
  const x = normal([2, 2], 0);
  for (const [given, found] of [[Promise.resolve(x), "a promise"], [1, "number"]] as const) {
    const network: Network = { ...linear, apply: () => given as unknown as tf.Tensor2D };
    assert.throws(() => applyNetwork(network, [], x, { t: [0, 1] }), {
      name: "RangeError",
      message: `${linear.kind}: apply() must return a tensor of x's shape [2,2], got ${found}`,
    });
  }
  x.dispose();
});
