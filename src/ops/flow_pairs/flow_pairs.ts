import * as tf from "../../core/tfjs/library.ts";
import type { RandomKey } from "../../core/random/random.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";

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

/**
 * The same on the straight path, with times that it draws too; a backend registers both operations or none.
 *
 *   times[r]      number first + r of the uniform numbers of a key (`fillUniform`), the same bits
 *   x[r, k]       times[r] x1[r, k] + (1 - slope times[r]) x0[r, k]
 *   target[r, k]  x1[r, k] - slope x0[r, k]
 *
 *   in   x1      [n, w]  float32
 *   out  x       [n, w]
 *        target  [n, w]
 *        times   [n]
 */
export const TIMED_FLOW_PAIRS = "FluxionTimedFlowPairs";

/** What determines noise, times and the points on the straight path. */
export interface TimedFlowPairsSettings extends Omit<FlowPairsSettings, "coefficients"> {
  readonly times: {
    /** Key of the times. */
    readonly key: RandomKey;
    /** Index of the first row's time. */
    readonly first: number;
  };
  readonly slope: number;
}

/** Whether the current backend has the operations. */
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

/**
 * Points on the straight path between standard normal noise and data at uniform times, the path's velocity there, and
 * the times.
 *
 * @param x1 Data, [n, w].
 * @returns Two tensors [n, w] and one [n], owned by the caller. Call only if {@link hasFlowPairs}.
 */
export function timedFlowPairs(
  x1: Tensor2D,
  settings: TimedFlowPairsSettings,
): { x: Tensor2D; target: Tensor2D; times: Tensor1D } {
  const attributes = { ...settings } as unknown as tf.NamedAttrMap;
  const [x, target, times] = tf.engine().runKernel(TIMED_FLOW_PAIRS, { x1 }, attributes) as [
    Tensor2D,
    Tensor2D,
    Tensor1D,
  ];
  return { x, target, times };
}
