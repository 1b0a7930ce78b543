import * as tf from "../../core/tfjs/library.ts";
import { timeEmbedding } from "../time_embedding.ts";

/**
 * ConditionalMLP: h = tanh(x_proj(x) + embedding(t)); then Linear, tanh, Linear, tanh, Linear.
 *
 * @param parameters In layout order, each with its device shape.
 * @param x [n, dims].
 * @param t [n], any finite numbers.
 * @returns [n, dims].
 */
export function conditionalMlp(
  { hidden }: { readonly hidden: number },
  parameters: readonly tf.Tensor[],
  x: tf.Tensor2D,
  t: ArrayLike<number>,
): tf.Tensor2D {
  const [xWeight, xBias, w0, b0, w2, b2, w4, b4] = parameters as readonly tf.Tensor2D[];
  const linear = (input: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor) =>
    tf.fused.matMul({
      a: input,
      b: weight,
      transposeA: false,
      transposeB: false,
      bias,
    }) as tf.Tensor2D;
  return tf.tidy(() => {
    const embedding = tf.tensor2d(timeEmbedding(t, hidden), [t.length, hidden]);
    let h: tf.Tensor2D = tf.tanh(tf.add(linear(x, xWeight!, xBias!), embedding));
    h = tf.tanh(linear(h, w0!, b0!));
    h = tf.tanh(linear(h, w2!, b2!));
    return linear(h, w4!, b4!);
  });
}
