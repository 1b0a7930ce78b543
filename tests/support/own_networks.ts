import * as tf from "@tensorflow/tfjs";
import { layoutOf } from "../../src/core/parameters.ts";
import type { Network } from "../../src/nn/network.ts";

/** Networks as a program of its own has them: records with a layout and an `apply` in tfjs. */

/** f(x, t) = x W + b over the plane: its flow is linear, and its density a Gaussian. */
export const linear: Network = {
  kind: "linear",
  rowWidth: 2,
  layout: layoutOf([{ kind: "linear", name: "out", inputs: 2, outputs: 2 }]),
  apply: ([weight, bias], x) => tf.add(tf.matMul(x, weight as tf.Tensor2D), bias!) as tf.Tensor2D,
};

/** f(x, t) = V tanh(W (x, t) + b) + c over the plane; the width stands in config.json. */
export function tanhNetwork(width: number): Network {
  return {
    kind: "tanh",
    rowWidth: 2,
    sizes: { width },
    layout: layoutOf([
      { kind: "linear", name: "in", inputs: 3, outputs: width },
      { kind: "linear", name: "out", inputs: width, outputs: 2 },
    ]),
    apply: (parameters, x, { t }) =>
      tf.tidy(() => tanhVelocity(parameters, x, tf.tensor2d(Float32Array.from(t), [t.length, 1]))),
  };
}

/** The velocity of {@link tanhNetwork} at times [n, 1]. */
export function tanhVelocity(
  [w, b, v, c]: readonly tf.Tensor[],
  x: tf.Tensor2D,
  times: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const h = tf.tanh(tf.add(tf.matMul(tf.concat2d([x, times], 1), w as tf.Tensor2D), b!));
    return tf.add(tf.matMul(h as tf.Tensor2D, v as tf.Tensor2D), c!) as tf.Tensor2D;
  });
}
