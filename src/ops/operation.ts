import * as tf from "../core/tfjs/library.ts";

/** An operation and its VJP. */
export interface Operation<T extends tf.Tensor> {
  /**
   * Computes the result. Saved tensors are passed to `pullBack`, which will be called only if
   * `isDifferentiated`.
   */
  value(save: (tensors: tf.Tensor[]) => void, isDifferentiated: boolean): T;
  /** Functions that compute the cotangent of each input, in order. */
  pullBack(dy: tf.Tensor, saved: tf.Tensor[]): (() => tf.Tensor)[];
}

/**
 * Runs an operation with a custom VJP. Unlike `tf.customGrad`, it computes only the cotangents that
 * are needed: that of a batch of images costs as much as the convolution itself.
 *
 * @param inputs Differentiable inputs.
 */
export function operation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  { value, pullBack }: Operation<T>,
): T {
  // The function behind `tf.customGrad`, private in tfjs's types.
  const engine = tf.engine() as unknown as {
    runKernelFunc(parts: {
      readonly inputs: Readonly<Record<number, tf.Tensor>>;
      forwardFunc(backend: unknown, save: (tensors: tf.Tensor[]) => void): tf.Tensor;
      backwardsFunc(dy: tf.Tensor, saved: tf.Tensor[]): Record<number, () => tf.Tensor>;
    }): T;
  };
  const isDifferentiated = isDifferentiating();
  return engine.runKernelFunc({
    inputs: { ...inputs },
    forwardFunc: (_, save) => value(save, isDifferentiated),
    backwardsFunc: (dy, saved) => ({ ...pullBack(dy, saved) }),
  });
}

/** Whether tfjs records operations for a gradient. */
export function isDifferentiating(): boolean {
  // Private in tfjs's types.
  return (tf.engine() as unknown as { isTapeOn(): boolean }).isTapeOn();
}
