import * as tf from "../../../core/tfjs/library.ts";
import type { GradientSum } from "../../field.ts";

/** Accumulator of flat parameter gradients on the device. Take the sum, or dispose it. */
export class TensorSum implements GradientSum<tf.Tensor1D> {
  readonly #size: number;
  #total: tf.Tensor1D | null = null;

  /** @param size Length of the vectors. */
  constructor(size: number) {
    this.#size = size;
  }

  add(term: tf.Tensor1D): void {
    const before = this.#total;
    if (before === null) {
      this.#total = term;
      return;
    }
    this.#total = tf.add(before, term);
    tf.dispose([before, term]);
  }

  /** Returns the sum, owned by the caller, and resets to zero. */
  take(): tf.Tensor1D {
    const total = this.#total ?? tf.zeros<tf.Rank.R1>([this.#size]);
    this.#total = null;
    return total;
  }

  dispose(): void {
    this.#total?.dispose();
    this.#total = null;
  }
}
