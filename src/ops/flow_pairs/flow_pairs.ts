import * as tf from "../../core/tfjs/library.ts";
import type { RandomKey } from "../../core/random/random.ts";
import type { Tensor2D } from "../../core/tensors.ts";

/**
 * An operation that a backend registers with tfjs under this name if it draws random numbers itself. On
 * others callers draw the noise on the host.
 *
 *   x0[r, k]      number start + r * w + k of the standard normal numbers of a key (`fillNormal`)
 *   x[r, k]       alpha[r] x1[r, k] + sigma[r] x0[r, k]
 *   target[r, k]  dAlpha[r] x1[r, k] + dSigma[r] x0[r, k]
 *
 *   in   x1      [n, w]  float32
 *   out  x       [n, w]
 *        target  [n, w]
 */
export const FLOW_PAIRS = "FluxionFlowPairs";

/** What determines the noise and the points on the path. */
export interface FlowPairsSettings {
  /** Key of the noise. */
  readonly key: RandomKey;
  /** Index of the first number. */
  readonly start: number;
  /** [n, 4]: alpha, sigma, dAlpha and dSigma of each row. */
  readonly coefficients: Float32Array<ArrayBuffer>;
}

/** Whether the current backend has the operation. */
export function hasFlowPairs(): boolean {
  return tf.getKernel(FLOW_PAIRS, tf.getBackend()) !== undefined;
}

/**
 * Points on the path between standard normal noise and data, and the path's velocity there.
 *
 * @param x1 Data, [n, w].
 * @returns Two tensors [n, w], owned by the caller. Call only if {@link hasFlowPairs}.
 */
export function flowPairs(
  x1: Tensor2D,
  settings: FlowPairsSettings,
): { x: Tensor2D; target: Tensor2D } {
  const attributes = { ...settings } as unknown as tf.NamedAttrMap;
  const [x, target] = tf.engine().runKernel(FLOW_PAIRS, { x1 }, attributes) as Tensor2D[];
  return { x: x!, target: target! };
}
