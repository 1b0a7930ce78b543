import * as tf from "@tensorflow/tfjs";

const LOG_TWO_PI = Math.log(2 * Math.PI);

/**
 * log N(z; 0, I) of every row, in nats.
 *
 * @param z [n, d].
 * @returns [n].
 */
export function standardNormalLogDensity(z: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const squares = tf.sum(tf.square(z), 1);
    return tf.sub(tf.mul(squares, -0.5), (z.shape[1] / 2) * LOG_TWO_PI) as tf.Tensor1D;
  });
}
