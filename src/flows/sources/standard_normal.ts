import * as tf from "../../core/tfjs/library.ts";
import { fillNormal } from "../../core/random/random.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";
import type { Source } from "./source.ts";

/** log(2 pi). */
export const LOG_TWO_PI = Math.log(2 * Math.PI);

/** N(0, I) over rows of any width. */
export const standardNormal: Source = {
  name: "standard-normal",
  draw: (key, { first, count, width }) =>
    fillNormal(key, first * width, new Float32Array(count * width)),
  logDensity: standardNormalLogDensity,
  score: (z) => tf.neg(z),
};

/**
 * log N(z; 0, I) of each row, in nats.
 *
 * @param z [n, d].
 * @returns [n].
 */
function standardNormalLogDensity(z: Tensor2D): Tensor1D {
  return tf.tidy(() => {
    const squares = tf.sum(tf.square(z), 1);
    return tf.sub(tf.mul(squares, -0.5), (z.shape[1] / 2) * LOG_TWO_PI) as Tensor1D;
  });
}
