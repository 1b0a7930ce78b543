import * as tf from "../../core/tfjs/library.ts";
import { convolve } from "../../ops/convolution/convolution.ts";
import { resnetBlock } from "../../ops/resnet_block/resnet_block.ts";
import { timeEmbedding } from "../time_embedding.ts";
import type { ResnetSizes } from "./sizes.ts";

/**
 * ConditionedSimpleResnet: conv 3x3, ReLU; the blocks; ReLU, conv 3x3. A block is
 * x + block(x + embedding(t) at every pixel), block = conv 1x1, ReLU, conv 3x3, ReLU, conv 1x1.
 *
 * @param parameters In layout order, each with its device shape.
 * @param x [n, height * width * channels], NHWC flattened.
 * @param t [n], any finite numbers.
 * @returns Velocities with x's shape.
 */
export function simpleResnet(
  sizes: ResnetSizes,
  parameters: readonly tf.Tensor[],
  x: tf.Tensor2D,
  t: ArrayLike<number>,
): tf.Tensor2D {
  const { height, width, channels, filters, blocks } = sizes;
  const layers = parameters as readonly tf.Tensor4D[];
  const weights = (layer: number) => ({
    filter: layers[2 * layer]!,
    bias: layers[2 * layer + 1] as tf.Tensor,
  });
  const conv = (input: tf.Tensor4D, layer: number, activation: "linear" | "relu") =>
    convolve(input, weights(layer), activation);
  return tf.tidy(() => {
    const embedding = tf.tensor2d(timeEmbedding(t, filters), [t.length, filters]);
    const images = tf.reshape(x, [t.length, height, width, channels]) as tf.Tensor4D;
    let h = conv(images, 0, "relu");
    for (let block = 0; block < blocks; block++) {
      const first = 1 + 3 * block;
      // A 1x1 convolution is linear, so the embedding's contribution is a per-image bias.
      const { filter, bias } = weights(first);
      const b = tf.reshape(filter, [filters, filters]) as tf.Tensor2D;
      const biases = tf.add(tf.matMul(embedding, b), bias);
      h = resnetBlock(
        h,
        [{ filter, bias: biases }, weights(first + 1), weights(first + 2)],
        // The last block is followed by a ReLU.
        block === blocks - 1 ? "relu" : "linear",
      );
    }
    return tf.reshape(conv(h, 1 + 3 * blocks, "linear"), x.shape) as tf.Tensor2D;
  });
}
