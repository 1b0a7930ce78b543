import * as tf from "../../core/tfjs/library.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";

/**
 * The time embedding of times that are on a GPU, an operation that its backend registers with tfjs under
 * this name. Others compute it on the host (`src/nn/time_embedding.ts`).
 *
 *   y[r, k - 1]          sin(k pi t[r])   k = 1..width / 2
 *   y[r, width/2 + k-1]  cos(k pi t[r])
 *
 *   in   t  [n]         float32
 *   out  y  [n, width]
 */
export const TIME_EMBEDDING = "FluxionTimeEmbedding";

/** What determines the result besides the times. */
export interface TimeEmbeddingSettings {
  /** Even. */
  readonly width: number;
}

/**
 * The embedding of times on the device; it has no gradient.
 *
 * @param t [n], float32, on a backend that registers {@link TIME_EMBEDDING}.
 * @param width Even.
 * @returns [n, width], owned by the caller.
 */
export function embedDeviceTimes(t: Tensor1D, width: number): Tensor2D {
  return tf.engine().runKernel(TIME_EMBEDDING, { t }, { width }) as Tensor2D;
}
