import * as tf from "../../core/tfjs/library.ts";
import type { Scalar } from "../../core/tensors.ts";
import type { ConvolutionParameters } from "../convolution/convolution.ts";
import { isDifferentiating, operation } from "../operation.ts";
import { reluGradient } from "../relu_gradient/relu_gradient.ts";
import { resnetKernels, supportsResnet, supportsResnetSquaredError } from "./cpu.ts";

/** The convolutions of a ResNet, in order; the first bias of each block is [n, c]. */
export type ResnetLayers = readonly ConvolutionParameters[];

/**
 * Whether the backend has a ResNet of these sizes as one operation: its velocity where nothing is being
 * differentiated, its squared error where something is.
 *
 * @param images [n, h, w, filters].
 */
export function hasResnet(
  name: keyof typeof resnetKernels,
  images: [number, number, number, number],
  sizes: { readonly channels: number; readonly blocks: number },
): boolean {
  const isError = name === "squaredError";
  return isDifferentiating() === isError &&
    tf.getKernel(resnetKernels[name], tf.getBackend()) !== undefined &&
    (isError ? supportsResnetSquaredError : supportsResnet)(images, sizes);
}

/**
 * The whole ResNet as one operation without a gradient; see {@link hasResnet}.
 *
 * @param x [n, h, w, channels].
 * @returns x's shape.
 */
export function resnetVelocity(x: tf.Tensor4D, layers: ResnetLayers): tf.Tensor4D {
  return tf.engine().runKernel(
    resnetKernels.velocity,
    { x, ...operandsOf(layers) } as unknown as tf.NamedTensorMap,
    { blocks: blocksOf(layers) },
  ) as tf.Tensor4D;
}

/**
 * Mean of (ResNet(x) - target)^2 as one operation that computes its gradient in the layers at once; see
 * {@link hasResnet}.
 *
 * @param target x's shape; not differentiated, nor is x.
 */
export function resnetSquaredError(
  x: tf.Tensor4D,
  layers: ResnetLayers,
  target: tf.Tensor4D,
): Scalar {
  return operation<Scalar>(layers.flatMap(({ filter, bias }) => [filter, bias]), {
    value: (save) => {
      const [y, dy, first, dFirst, last, ...inner] = tf.engine().runKernel(
        resnetKernels.squaredError,
        { x, target, ...operandsOf(layers) } as unknown as tf.NamedTensorMap,
        { blocks: blocksOf(layers) },
      ) as tf.Tensor4D[];
      const { dx: masked, dBias } = reluGradient(dFirst!, first!, { perImage: false });
      save([
        ...[filterGradient(x, masked as tf.Tensor4D, layers[0]!), dBias],
        ...inner,
        ...[filterGradient(last!, dy!, layers.at(-1)!), tf.sum(dy!, [0, 1, 2])],
      ]);
      return tf.mean(tf.squaredDifference(y!, target));
    },
    pullBack: (cotangent, gradients) => {
      // That of a loss is 1. The backends with this operation are read without waiting.
      const [scale] = cotangent.dataSync();
      return gradients.map((gradient) => () =>
        scale === 1 ? tf.clone(gradient) : tf.mul(gradient, cotangent)
      );
    },
  });
}

const blocksOf = (layers: ResnetLayers) => (layers.length - 2) / 3;

function operandsOf(layers: ResnetLayers): Record<string, tf.Tensor> {
  return Object.fromEntries(
    layers.flatMap(({ filter, bias }, i) => [[`filter${i}`, filter], [`bias${i}`, bias]]),
  );
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  { filter }: ConvolutionParameters,
): tf.Tensor {
  return tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, {
    ...{ strides: 1, pad: "same", dataFormat: "NHWC", filterShape: filter.shape },
  }) as tf.Tensor;
}
