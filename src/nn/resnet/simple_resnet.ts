import * as tf from "../../core/tfjs/library.ts";
import type { Scalar } from "../../core/tensors.ts";
import { type ConvolutionParameters, convolve } from "../../ops/convolution/convolution.ts";
import { resnetBlock } from "../../ops/resnet_block/resnet_block.ts";
import {
  hasResnet,
  type ResnetLayers,
  resnetSquaredError,
  resnetVelocity,
} from "../../ops/resnet/resnet.ts";
import { timeEmbeddingTensor } from "../time_embedding.ts";
import type { ResnetSizes } from "./sizes.ts";

/**
 * ConditionedSimpleResnet: conv 3x3, ReLU; the blocks; ReLU, conv 3x3. A block is
 * x + block(x + embedding(t) at every pixel), block = conv 1x1, ReLU, conv 3x3, ReLU, conv 1x1.
 *
 * @param parameters In layout order, each with its device shape.
 * @param x [n, height * width * channels], NHWC flattened.
 * @param t [n], any finite numbers, or a tensor of them on a GPU.
 * @returns Velocities with x's shape.
 */
export function simpleResnet(
  sizes: ResnetSizes,
  parameters: readonly tf.Tensor[],
  x: tf.Tensor2D,
  t: ArrayLike<number> | tf.Tensor1D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const { images, layers } = operandsOf(sizes, parameters, x, t);
    const isOne = hasResnet("velocity", hiddenShape(sizes, x), sizes);
    const y = isOne ? resnetVelocity(images, layers) : inLayers(images, layers);
    return tf.reshape(y, x.shape) as tf.Tensor2D;
  });
}

/**
 * Mean of (simpleResnet - target)^2 as one operation, differentiable in the parameters; null if the backend
 * does not have it (`resnetSquaredError`).
 *
 * @param at.target Of x's shape.
 */
export function simpleResnetSquaredError(
  sizes: ResnetSizes,
  parameters: readonly tf.Tensor[],
  { x, t, target }: {
    readonly x: tf.Tensor2D;
    readonly t: ArrayLike<number>;
    readonly target: tf.Tensor2D;
  },
): Scalar | null {
  if (!hasResnet("squaredError", hiddenShape(sizes, x), sizes)) return null;
  return tf.tidy(() => {
    const { images, layers } = operandsOf(sizes, parameters, x, t);
    return resnetSquaredError(images, layers, tf.reshape(target, images.shape) as tf.Tensor4D);
  });
}

function hiddenShape(
  { height, width, filters }: ResnetSizes,
  x: tf.Tensor2D,
): [number, number, number, number] {
  return [x.shape[0], height, width, filters];
}

/** The batch as images, and the convolutions; a 1x1 convolution is linear, so the embedding's contribution is a bias per image. */
function operandsOf(
  { height, width, channels, filters }: ResnetSizes,
  parameters: readonly tf.Tensor[],
  x: tf.Tensor2D,
  t: ArrayLike<number> | tf.Tensor1D,
): { images: tf.Tensor4D; layers: ResnetLayers } {
  const embedding = timeEmbeddingTensor(t, filters);
  const layers = Array.from({ length: parameters.length / 2 }, (_, layer) => {
    const filter = parameters[2 * layer] as tf.Tensor4D, bias = parameters[2 * layer + 1]!;
    const isFirstOfBlock = layer % 3 === 1 && layer < parameters.length / 2 - 1;
    if (!isFirstOfBlock) return { filter, bias };
    const matrix = tf.reshape(filter, [filters, filters]) as tf.Tensor2D;
    return { filter, bias: tf.add(tf.matMul(embedding, matrix), bias) };
  });
  return { images: tf.reshape(x, [x.shape[0], height, width, channels]) as tf.Tensor4D, layers };
}

/** The network as an operation per convolution or block. */
function inLayers(images: tf.Tensor4D, layers: ResnetLayers): tf.Tensor4D {
  const last = layers.length - 1;
  let h = convolve(images, layers[0]!, "relu");
  for (let first = 1; first < last; first += 3) {
    const [one, two, three] = layers.slice(first) as [
      ConvolutionParameters,
      ConvolutionParameters,
      ConvolutionParameters,
    ];
    // The last block is followed by a ReLU.
    h = resnetBlock(h, [one, two, three], first + 3 === last ? "relu" : "linear");
  }
  return convolve(h, layers[last]!, "linear");
}
