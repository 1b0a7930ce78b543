import * as tf from "../../core/tfjs/library.ts";
import type { Scalar, Tensor } from "../../core/tensors.ts";
import { operation } from "../operation.ts";

/**
 * Two operations that backends may register with tfjs under these names, together; otherwise the value is composed of
 * tfjs operations.
 *
 *   FluxionMeanSquaredError      value    mean of (a - b)^2
 *     in   a, b   [any], of one shape   float32
 *     out  value  []
 *
 *   FluxionMeanSquaredErrorGrad  the VJP with respect to a, for cotangent dy
 *     in   a, b   as above
 *          dy     []
 *     out  da     a's shape: dy 2 (a - b) / count
 */
export const meanSquaredErrorKernels = {
  value: "FluxionMeanSquaredError",
  gradient: "FluxionMeanSquaredErrorGrad",
} as const;

/**
 * Mean over all elements of (a - b)^2.
 *
 * @param b Of a's shape; not differentiated.
 */
export function meanSquaredError(a: Tensor, b: Tensor): Scalar {
  const { value, gradient } = meanSquaredErrorKernels;
  if (tf.getKernel(value, tf.getBackend()) === undefined) {
    return tf.mean(tf.squaredDifference(a, b)) as Scalar;
  }
  return operation<Scalar>([a], {
    value: (save) => {
      save([a, b]);
      return tf.engine().runKernel(value, { a, b }) as Scalar;
    },
    pullBack: (dy, [a, b]) => [
      () => tf.engine().runKernel(gradient, { a: a!, b: b!, dy }) as Tensor,
    ],
  });
}
