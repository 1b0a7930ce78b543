import * as tf from "@tensorflow/tfjs";
import { type AdamState, adamStep, type AdamStepSettings } from "../../ops/adam/adam_step.ts";

/** First and second moments of the gradient, in the order of the flat parameter vector. */
export interface Moments {
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/**
 * Adam over one flat parameter vector, with torch.optim.Adam's semantics and
 * torch.nn.utils.clip_grad_norm_'s, and the moving average of the weights, all
 * three in one operation (src/ops/adam/adam_step.ts).
 *
 * Works on every tfjs backend and reads nothing back. Dispose it.
 */
export class Adam {
  #state: Omit<AdamState, "weights">;

  /**
   * Starts from given moments; from zeros, where there are none yet.
   *
   * @param average Of the weights so far; null: none is kept.
   */
  constructor({ m, v }: Moments, average: Float32Array | null = null) {
    const [ofM, ofV, ofAverage = null] = tf.tidy(() =>
      [m, v, ...(average === null ? [] : [average])].map((values) => tf.tensor1d(values.slice()))
    );
    this.#state = { m: ofM!, v: ofV!, average: ofAverage };
  }

  /** Moments of zeros. */
  static zeros(size: number): Moments {
    return { m: new Float32Array(size), v: new Float32Array(size) };
  }

  /** The weights after one step; the caller's. Weights and gradient stay the caller's too. */
  update(
    weights: tf.Tensor1D,
    gradient: tf.Tensor1D,
    settings: AdamStepSettings,
  ): tf.Tensor1D {
    const next = adamStep({ ...this.#state, weights }, gradient, settings);
    this.dispose();
    this.#state = { m: next.m, v: next.v, average: next.average };
    return next.weights;
  }

  /** The moments, read back. */
  async read(): Promise<Moments> {
    const [m, v] = await Promise.all([this.#state.m.data(), this.#state.v.data()]);
    return { m: Float32Array.from(m), v: Float32Array.from(v) };
  }

  /** The average of the weights, read back; null where none is kept. */
  async readAverage(): Promise<Float32Array | null> {
    const { average } = this.#state;
    return average === null ? null : Float32Array.from(await average.data());
  }

  dispose(): void {
    const { m, v, average } = this.#state;
    tf.dispose([m, v, ...(average === null ? [] : [average])]);
  }
}
