import * as tf from "@tensorflow/tfjs";

/** An operation with its gradient. */
export interface Operation<T extends tf.Tensor> {
  /**
   * Computes the result; what it saves, the pull-back gets, and there will be one only if it
   * `isDifferentiated`.
   */
  value(save: (tensors: tf.Tensor[]) => void, isDifferentiated: boolean): T;
  /** One function an input, in order, that gives the input's cotangent. */
  pullBack(dy: tf.Tensor, saved: tf.Tensor[]): (() => tf.Tensor)[];
}

/**
 * Runs an operation that tfjs differentiates by its pull-back. Cotangents that nobody asks for
 * are not computed, where `tf.customGrad` computes all: that of a batch's images takes as long as
 * the convolution did.
 *
 * @param inputs What it is differentiable in.
 */
export function operation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  { value, pullBack }: Operation<T>,
): T {
  // What `tf.customGrad` itself is made of; tfjs's types call it private.
  const engine = tf.engine() as unknown as {
    isTapeOn(): boolean;
    runKernelFunc(parts: {
      readonly inputs: Readonly<Record<number, tf.Tensor>>;
      forwardFunc(backend: unknown, save: (tensors: tf.Tensor[]) => void): tf.Tensor;
      backwardsFunc(dy: tf.Tensor, saved: tf.Tensor[]): Record<number, () => tf.Tensor>;
    }): T;
  };
  const isDifferentiated = engine.isTapeOn();
  return engine.runKernelFunc({
    inputs: { ...inputs },
    forwardFunc: (_, save) => value(save, isDifferentiated),
    backwardsFunc: (dy, saved) => ({ ...pullBack(dy, saved) }),
  });
}
