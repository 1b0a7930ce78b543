import * as tf from "@tensorflow/tfjs";
import { RELU_GRADIENT } from "../runtime/cpu_kernels/relu_gradient.ts";

/** The gradient of y = relu(x) for x: dy where y > 0, else 0. */
export function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.getKernel(RELU_GRADIENT, tf.getBackend()) === undefined
    ? tf.tidy(() => tf.mul(dy, tf.step(y)))
    : tf.engine().runKernel(RELU_GRADIENT, { dy, y }) as tf.Tensor;
}
