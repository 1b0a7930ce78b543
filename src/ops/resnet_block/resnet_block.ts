import * as tf from "../../core/tfjs/library.ts";
import { resnetBlockKernels, supportsResnetBlock } from "./cpu.ts";
import { type ConvolutionParameters, convolve } from "../convolution/convolution.ts";
import { operation } from "../operation.ts";

/**
 * Convolutions 1x1, 3x3 and 1x1 of a block, [.., .., c, c]; the first has a bias per image, [n, c].
 */
export type ResnetBlockParameters = readonly [
  ConvolutionParameters,
  ConvolutionParameters,
  ConvolutionParameters,
];

/**
 * x + conv 1x1(relu(conv 3x3(relu(conv 1x1(x))))), then the activation: one operation if the
 * backend supports it, else three convolutions.
 *
 * @param x [n, h, w, c].
 * @returns [n, h, w, c].
 */
export function resnetBlock(
  x: tf.Tensor4D,
  [first, second, third]: ResnetBlockParameters,
  activation: "linear" | "relu",
): tf.Tensor4D {
  const { value, gradient } = resnetBlockKernels;
  if (tf.getKernel(value, tf.getBackend()) === undefined || !supportsResnetBlock(x.shape[3])) {
    return tf.tidy(() => {
      const inner = convolve(convolve(x, first, "relu"), second, "relu");
      return convolve(inner, { ...third, residual: x }, activation);
    });
  }
  const relu = activation === "relu";
  const filters = { filter1: first.filter, filter2: second.filter, filter3: third.filter };
  const biases = { bias1: first.bias, bias2: second.bias, bias3: third.bias };
  const parameters = [first, second, third].flatMap(({ filter, bias }) => [filter, bias]);
  return operation<tf.Tensor4D>([x, ...parameters], {
    value: (save, isDifferentiated) => {
      const [y, ...inner] = tf.engine().runKernel(
        value,
        { x, ...filters, ...biases } as tf.NamedTensorMap,
        { relu, keep: isDifferentiated },
      ) as tf.Tensor4D[];
      // The VJP of a linear block does not need its result.
      save([x, ...Object.values(filters), ...inner, ...(relu ? [y!] : [])]);
      return y!;
    },
    pullBack: (dy, saved) => {
      const [x, filter1, filter2, filter3, a1, a2, y] = saved;
      const cotangents = tf.engine().runKernel(
        gradient,
        { dy, x, filter1, filter2, filter3, a1, a2, ...(y && { y }) } as tf.NamedTensorMap,
      ) as tf.Tensor[];
      return cotangents.map((cotangent) => () => cotangent);
    },
  });
}
