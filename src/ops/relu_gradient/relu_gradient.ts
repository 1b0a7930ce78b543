import * as tf from "../../core/tfjs/library.ts";
import { RELU_GRADIENT } from "./cpu.ts";

/**
 * VJP of y = relu(x + bias): dx = dy where y > 0, else 0, and dBias, its sums.
 *
 * @param dy, y [n, h, w, c].
 * @param options.perImage Whether each image has its own bias.
 * @returns dx [n, h, w, c] and dBias, [n, c] or [c].
 */
export function reluGradient(
  dy: tf.Tensor,
  y: tf.Tensor,
  { perImage }: { readonly perImage: boolean },
): { dx: tf.Tensor; dBias: tf.Tensor } {
  if (tf.getKernel(RELU_GRADIENT, tf.getBackend()) === undefined) {
    const dx = tf.tidy(() => tf.mul(dy, tf.step(y)));
    return { dx, dBias: tf.sum(dx, perImage ? [1, 2] : [0, 1, 2]) };
  }
  const [dx, dBias] = tf.engine().runKernel(RELU_GRADIENT, { dy, y }, { perImage }) as tf.Tensor[];
  return { dx: dx!, dBias: dBias! };
}
