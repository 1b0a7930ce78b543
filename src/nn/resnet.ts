import * as tf from "@tensorflow/tfjs";
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
    convolve(input, layers[2 * layer]!, layers[2 * layer + 1]!, activation);
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

/**
 * A convolution of stride 1 that keeps the size, with bias and activation, in one operation
 * in training too: inside a gradient `tf.fused.conv2d` takes its ReLU out and keeps the
 * numbers before it, a fifth more time and memory.
 */
function convolve(
  input: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor,
  activation: "linear" | "relu",
): tf.Tensor4D {
  const geometry = { strides: 1, pad: "same", dataFormat: "NHWC" } as const;
  const forward = tf.customGrad((...values) => {
    const [x, filter, bias, save] = values as unknown as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor,
      tf.GradSaveFunc,
    ];
    const attributes = { ...geometry, dilations: 1, activation };
    const y = tf.engine().runKernel(
      "FusedConv2D",
      { x, filter, bias },
      attributes as unknown as tf.NamedAttrMap,
    ) as tf.Tensor4D;
    save([x, filter, y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
        const cotangent = activation === "relu" ? tf.mul(dy, tf.step(y)) : dy;
        return [
          gradient("Conv2DBackpropInput", { dy: cotangent, filter }, { inputShape: x.shape }),
          gradient("Conv2DBackpropFilter", { x, dy: cotangent }, { filterShape: filter.shape }),
          tf.sum(cotangent, [0, 1, 2]),
        ];
      },
    };
  });
  const gradient = (name: string, inputs: tf.NamedTensorMap, shape: Record<string, number[]>) =>
    tf.engine().runKernel(name, inputs, { ...geometry, ...shape }) as tf.Tensor;
  return forward(input, filter, bias) as tf.Tensor4D;
}
