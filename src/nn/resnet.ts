import * as tf from "@tensorflow/tfjs";
import { convolve } from "./convolution.ts";
import type { ResnetNetwork } from "./network.ts";
import { timeEmbedding } from "./time_embedding.ts";

/**
 * ConditionedSimpleResnet: conv 3x3, ReLU; the blocks; ReLU, conv 3x3. A block is
 * x + block(x + embedding(t) at every pixel), block = conv 1x1, ReLU, conv 3x3, ReLU, conv 1x1.
 *
 * @param tensors In the layout's order, each of its device shape.
 * @param x [n, height * width * channels], NHWC flattened.
 * @param t [n], any finite numbers.
 * @returns Like x.
 */
export function simpleResnet(
  network: ResnetNetwork,
  tensors: readonly tf.Tensor[],
  x: tf.Tensor2D,
  t: ArrayLike<number>,
): tf.Tensor2D {
  const { height, width, channels, filters, blocks } = network;
  const layers = tensors as readonly tf.Tensor4D[];
  const conv = (input: tf.Tensor4D, layer: number, activation: "linear" | "relu") =>
    convolve(input, { filter: layers[2 * layer]!, bias: layers[2 * layer + 1]! }, activation);
  return tf.tidy(() => {
    const embedding = tf.tensor4d(timeEmbedding(t, filters), [t.length, 1, 1, filters]);
    const images = tf.reshape(x, [t.length, height, width, channels]) as tf.Tensor4D;
    let h = conv(images, 0, "relu");
    for (let block = 0; block < blocks; block++) {
      const first = 1 + 3 * block;
      const inner = conv(tf.add(h, embedding), first, "relu");
      h = tf.add(h, conv(conv(inner, first + 1, "relu"), first + 2, "linear"));
    }
    return tf.reshape(conv(tf.relu(h), 1 + 3 * blocks, "linear"), x.shape) as tf.Tensor2D;
  });
}
