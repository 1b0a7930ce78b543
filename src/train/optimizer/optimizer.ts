import * as tf from "@tensorflow/tfjs";
import type { Tensor1D } from "../../core/tensors.ts";
import { type AdamState, adamStep } from "../../ops/adam/adam_step.ts";

/** A step of Adam; what is left out has no effect. */
export interface AdamSettings {
  /** How many steps were taken before: 0 for the first. */
  readonly step: number;
  /** The learning rate. */
  readonly lr: number;
  /** The most that the gradient's Euclidean norm may be; 0: as much as it is. */
  readonly clip?: number;
  /** An L2 penalty. */
  readonly weightDecay?: number;
  /** How much of the weights' average is kept, if there is one. */
  readonly averageDecay?: number;
}

/** First and second moments of the gradient, in the order of the flat parameter vector. */
export interface Moments {
  /** The gradient's mean. */
  readonly m: Float32Array;
  /** That of its square. */
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
    weights: Tensor1D,
    gradient: Tensor1D,
    { step, lr, clip = 0, weightDecay = 0, averageDecay = 0 }: AdamSettings,
  ): Tensor1D {
    const settings = { step, lr, clip, weightDecay, averageDecay };
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

  /** Gives the tensors back. */
  dispose(): void {
    const { m, v, average } = this.#state;
    tf.dispose([m, v, ...(average === null ? [] : [average])]);
  }
}
