import * as tf from "../../core/tfjs/library.ts";
import type { Tensor1D } from "../../core/tensors.ts";
import { type AdamState, adamStep } from "../../ops/adam/adam_step.ts";

/** Settings of one Adam step; omitted ones have no effect. */
export interface AdamSettings {
  /** Number of steps taken before: 0 for the first. */
  readonly step: number;
  /** Learning rate. */
  readonly lr: number;
  /** Maximum Euclidean norm of the gradient; 0 disables clipping. */
  readonly clip?: number;
  /** Coefficient of the L2 penalty. */
  readonly weightDecay?: number;
  /** Decay of the moving average of the weights, if there is one. */
  readonly averageDecay?: number;
}

/** First and second moments of the gradient, in the order of the flat parameter vector. */
export interface Moments {
  /** Mean of the gradient. */
  readonly m: Float32Array;
  /** Mean of the squared gradient. */
  readonly v: Float32Array;
}

/**
 * Adam over one flat parameter vector with the semantics of torch.optim.Adam, gradient clipping as
 * in torch.nn.utils.clip_grad_norm_, and a moving average of the weights, fused into one operation
 * (src/ops/adam/adam_step.ts).
 *
 * Works on every tfjs backend without read-backs. Call `dispose()` when done.
 */
export class Adam {
  #state: Omit<AdamState, "weights">;

  /**
   * Starts from the given moments.
   *
   * @param average Moving average of the weights so far; null disables it.
   */
  constructor({ m, v }: Moments, average: Float32Array | null = null) {
    const [ofM, ofV, ofAverage = null] = tf.tidy(() =>
      [m, v, ...(average === null ? [] : [average])].map((values) => tf.tensor1d(values.slice()))
    );
    this.#state = { m: ofM!, v: ofV!, average: ofAverage };
  }

  /** Zero moments, for a fresh start. */
  static zeros(size: number): Moments {
    return { m: new Float32Array(size), v: new Float32Array(size) };
  }

  /**
   * The weights after one step. The caller owns arguments and result.
   *
   * @throws {RangeError} If sizes differ: the kernel would read beyond the smallest.
   */
  update(
    weights: Tensor1D,
    gradient: Tensor1D,
    { step, lr, clip = 0, weightDecay = 0, averageDecay = 0 }: AdamSettings,
  ): Tensor1D {
    const { m, v, average } = this.#state;
    const sizes = [m, v, ...(average === null ? [] : [average]), weights, gradient]
      .map(({ size }) => size);
    if (new Set(sizes).size > 1) {
      const names = ["m", "v", ...(average === null ? [] : ["the average"]), "weights", "gradient"];
      throw new RangeError(
        `Adam: expected equal sizes, got ${
          names.map((name, i) => `${name} ${sizes[i]}`).join(", ")
        }`,
      );
    }
    const settings = { step, lr, clip, weightDecay, averageDecay };
    const next = adamStep({ ...this.#state, weights }, gradient, settings);
    this.dispose();
    this.#state = { m: next.m, v: next.v, average: next.average };
    return next.weights;
  }

  /** Reads the moments back. */
  async read(): Promise<Moments> {
    const [m, v] = await Promise.all([this.#state.m.data(), this.#state.v.data()]);
    return { m: Float32Array.from(m), v: Float32Array.from(v) };
  }

  /** Reads the average of the weights back; null if there is none. */
  async readAverage(): Promise<Float32Array | null> {
    const { average } = this.#state;
    return average === null ? null : Float32Array.from(await average.data());
  }

  /** Disposes the tensors. */
  dispose(): void {
    const { m, v, average } = this.#state;
    tf.dispose([m, v, ...(average === null ? [] : [average])]);
  }
}
