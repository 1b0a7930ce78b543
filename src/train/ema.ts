import * as tf from "@tensorflow/tfjs";

/**
 * The decay of a moving average at a training step (from 0):
 * min(decay, (1 + step) / (10 + step)), so that the average of a short run is
 * not made of its random start.
 *
 * Source: TensorFlow's ExponentialMovingAverage with `num_updates`.
 */
export function emaDecay(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

/**
 * An exponential moving average of a flat parameter vector, on the device:
 * average <- d * average + (1 - d) * weights. Dispose it.
 */
export class MovingAverage {
  readonly #decay: number;
  #average: tf.Tensor1D;

  constructor(decay: number, start: Float32Array) {
    this.#decay = decay;
    this.#average = tf.tensor1d(start.slice());
  }

  /** Takes the weights after training step `step` (from 0) in. */
  update(weights: tf.Tensor1D, step: number): void {
    const decay = emaDecay(this.#decay, step);
    const average = tf.tidy(() =>
      tf.add(tf.mul(this.#average, decay), tf.mul(weights, 1 - decay)) as tf.Tensor1D
    );
    this.dispose();
    this.#average = average;
  }

  /** The average, read back. */
  async read(): Promise<Float32Array> {
    return Float32Array.from(await this.#average.data());
  }

  dispose(): void {
    this.#average.dispose();
  }
}
