import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../core/tensors.ts";

/**
 * The optimal-transport conditional probability path of flow matching: from
 * noise x0 at t = 0 straight to a data point x1 at t = 1, with a Gaussian of
 * standard deviation sigmaMin left around it.
 *
 * Source: Lipman et al. 2023, Flow Matching for Generative Modeling, section
 * 4.1, example II (equations 20 to 23).
 */

/** Rows of noise and data with the time of each: [n, w], [n, w], [n, 1]. */
export interface PathPoint {
  /** Noise, [n, w]. */
  readonly x0: Tensor2D;
  /** Data, [n, w]. */
  readonly x1: Tensor2D;
  /** Times in [0, 1], [n, 1]. */
  readonly t: Tensor2D;
}

/** x_t = t x1 + (1 - (1 - sigmaMin) t) x0, [n, w]. */
export function pathSample({ x0, x1, t }: PathPoint, sigmaMin: number): Tensor2D {
  return tf.tidy(() => {
    const noiseScale = tf.sub(1, tf.mul(t, 1 - sigmaMin));
    return tf.add(tf.mul(t, x1), tf.mul(noiseScale, x0)) as Tensor2D;
  });
}

/** The velocity along the path, d x_t / dt = x1 - (1 - sigmaMin) x0, [n, w]: what the network learns. */
export function pathVelocity(
  { x0, x1 }: Pick<PathPoint, "x0" | "x1">,
  sigmaMin: number,
): Tensor2D {
  return tf.tidy(() => tf.sub(x1, tf.mul(x0, 1 - sigmaMin)) as Tensor2D);
}

/**
 * The same velocity as a function of where one is:
 * u(x | x1) = (x1 - (1 - sigmaMin) x) / (1 - (1 - sigmaMin) t), [n, w].
 */
export function conditionalVelocity(
  x: Tensor2D,
  { x1, t }: Pick<PathPoint, "x1" | "t">,
  sigmaMin: number,
): Tensor2D {
  return tf.tidy(() => {
    const toData = tf.sub(x1, tf.mul(x, 1 - sigmaMin));
    return tf.div(toData, tf.sub(1, tf.mul(t, 1 - sigmaMin))) as Tensor2D;
  });
}
