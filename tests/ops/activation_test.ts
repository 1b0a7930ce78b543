import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { buildsTest, errorOf, numbers } from "./_builds.ts";

const activations = ["linear", "relu", "relu6", "elu", "leakyrelu", "prelu", "sigmoid"] as const;

function tensor(shape: readonly number[], phase: number): tf.Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tf.tensor(numbers(size, phase).map((value) => 3 * value), [...shape]);
}

/** x through an activation by tfjs's operation. */
function through(x: tf.Tensor, activation: typeof activations[number], slopes: tf.Tensor) {
  switch (activation) {
    case "linear":
      return x;
    case "leakyrelu":
      return tf.leakyRelu(x, 0.3);
    case "prelu":
      return tf.prelu(x, slopes);
    default:
      return tf[activation](x);
  }
}

function assertNear(found: tf.Tensor, expected: tf.Tensor, name: string): void {
  assert.deepEqual(found.shape, expected.shape, name);
  assert.ok(errorOf(found.dataSync(), expected.dataSync()) < 1e-6, name);
}

// tfjs's own fused kernels are wrong from the second row on if a factor is transposed, read past a
// bias of one number, and write outside of their tensors if a dilated filter does not fit.
buildsTest("fused.matMul() is the product with its bias and its activation", () => {
  tf.tidy(() => {
    for (const activation of activations) {
      for (const transposeA of [false, true]) {
        for (const columns of [6, 1]) {
          const a = tensor(transposeA ? [5, 4] : [4, 5], 1) as tf.Tensor2D;
          const b = tensor([5, 6], 2) as tf.Tensor2D, bias = tensor([columns], 3);
          const slopes = tensor([6], 4);
          const found = tf.fused.matMul({
            ...{ a, b, transposeA, bias, activation, leakyreluAlpha: 0.3 },
            preluActivationWeights: slopes,
          });
          const sums = tf.add(tf.matMul(a, b, transposeA), bias);
          const name = `${activation}, ${transposeA}, ${columns}`;
          assertNear(found, through(sums, activation, slopes), name);
        }
      }
    }
  });
});

/** A convolution with its filter spread out by zeros, by tfjs's operations. */
function dilated(x: tf.Tensor4D, filter: tf.Tensor4D, dilation: number, pad: "same" | number) {
  const [height, width] = filter.shape;
  const spread = (at: tf.Tensor, axis: number, count: number) =>
    tf.concat(
      tf.split(at, count, axis).flatMap((tap, i) =>
        i === 0 ? [tap] : [...Array.from({ length: dilation - 1 }, () => tf.zerosLike(tap)), tap]
      ),
      axis,
    );
  const rows = spread(filter, 0, height);
  return tf.conv2d(x, spread(rows, 1, width) as tf.Tensor4D, 1, pad);
}

buildsTest("fused.conv2d() takes any activation, dilations and padding in numbers", () => {
  tf.tidy(() => {
    for (const activation of activations) {
      for (const [width, dilations, pad] of [[3, 1, 1], [1, 2, "same"], [3, 2, 2]] as const) {
        const x = tensor([2, 5, width, 4], 1) as tf.Tensor4D;
        const filter = tensor([3, 3, 4, 5], 2) as tf.Tensor4D, bias = tensor([5], 3);
        const slopes = tensor([1, 1, 5], 4);
        const found = tf.fused.conv2d({
          ...{ x, filter, strides: 1, dilations, pad, bias, activation },
          ...{ leakyreluAlpha: 0.3, preluActivationWeights: slopes },
        });
        const sums = tf.add(dilated(x, filter, dilations, pad), bias);
        const name = `${activation}, ${dilations}, ${pad}`;
        assertNear(found, through(sums, activation, slopes), name);
      }
    }
  });
});

buildsTest("conv2d() refuses a filter larger than the image both ways", () => {
  const [x, filter] = [tensor([1, 2, 2, 4], 1), tensor([3, 3, 4, 5], 2)];
  for (const dilations of [1, 2]) {
    assert.throws(
      () => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "valid", "NHWC", dilations),
      /expected images and a filter that fits into them/,
    );
  }
  tf.dispose([x, filter]);
});

buildsTest("sums and means over nothing are zeros", () => {
  tf.tidy(() => {
    // What the zeros are not left from.
    tensor([64], 1).dispose();
    for (const [shape, axis] of [[[0, 3], 0], [[2, 0, 3], 1], [[2, 0, 3], 0], [[0], 0]] as const) {
      for (const dtype of ["float32", "int32", "bool"] as const) {
        const x = tf.zeros([...shape], dtype);
        for (const y of [tf.sum(x, axis), tf.mean(x, axis, true), tf.sum(x)]) {
          assert.ok(y.dataSync().every((value) => value === 0), `${shape}, ${axis}, ${dtype}`);
        }
        assert.equal(tf.sum(x, axis).dtype, dtype === "float32" ? "float32" : "int32");
      }
    }
  });
});
