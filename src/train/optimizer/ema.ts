/**
 * Decay of the weights' moving average at a training step (from 0):
 * min(decay, (1 + step) / (10 + step)), so that the average of a short run is not dominated by its
 * random initial weights.
 *
 * Source: TensorFlow's ExponentialMovingAverage with `num_updates`.
 */
export function emaDecay(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}
