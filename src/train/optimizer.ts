import * as tf from "@tensorflow/tfjs";

/** Decays of the two moments, and what keeps the division from zero; PyTorch's defaults. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** What torch.nn.utils.clip_grad_norm_ adds to the norm. */
const CLIP_EPSILON = 1e-6;

/** First and second moments of the gradient, in the order of the flat parameter vector. */
export interface Moments {
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/**
 * Adam over one flat parameter vector, with torch.optim.Adam's semantics: the
 * weight decay is an L2 penalty, added to the gradient before the moments (not
 * decoupled as in AdamW).
 *
 * Source: Kingma & Ba 2015, algorithm 1; PyTorch's form, in which epsilon is
 * added after the second moment's bias was corrected.
 * Works on every tfjs backend and reads nothing back. Dispose it.
 */
export class Adam {
  #m: tf.Tensor1D;
  #v: tf.Tensor1D;

  /** Starts from given moments; from zeros, where there are none yet. */
  constructor({ m, v }: Moments) {
    this.#m = tf.tensor1d(m.slice());
    this.#v = tf.tensor1d(v.slice());
  }

  /** Moments of zeros. */
  static zeros(size: number): Moments {
    return { m: new Float32Array(size), v: new Float32Array(size) };
  }

  /**
   * The weights after one step; the caller's. Weights and gradient stay the caller's too.
   *
   * @param options.step How many steps were taken before: 0 for the first.
   */
  update(
    weights: tf.Tensor1D,
    gradient: tf.Tensor1D,
    options: { readonly step: number; readonly lr: number; readonly weightDecay: number },
  ): tf.Tensor1D {
    const { step, lr, weightDecay } = options;
    const correction1 = 1 - BETA1 ** (step + 1);
    const correction2 = 1 - BETA2 ** (step + 1);
    const [m, v, updated] = tf.tidy(() => {
      const g = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weights, weightDecay));
      const m = tf.add(tf.mul(this.#m, BETA1), tf.mul(g, 1 - BETA1)) as tf.Tensor1D;
      const v = tf.add(tf.mul(this.#v, BETA2), tf.mul(tf.square(g), 1 - BETA2)) as tf.Tensor1D;
      const scale = tf.add(tf.mul(tf.sqrt(v), 1 / Math.sqrt(correction2)), EPSILON);
      const change = tf.mul(tf.div(m, scale), lr / correction1);
      return [m, v, tf.sub(weights, change) as tf.Tensor1D];
    });
    this.dispose();
    this.#m = m;
    this.#v = v;
    return updated;
  }

  /** The moments, read back. */
  async read(): Promise<Moments> {
    const [m, v] = await Promise.all([this.#m.data(), this.#v.data()]);
    return { m: Float32Array.from(m), v: Float32Array.from(v) };
  }

  dispose(): void {
    this.#m.dispose();
    this.#v.dispose();
  }
}

/**
 * The gradient, scaled so that its Euclidean norm is at most `maxNorm`; new and
 * the caller's. As torch.nn.utils.clip_grad_norm_: the factor is
 * min(1, maxNorm / (norm + 1e-6)).
 */
export function clipByNorm(gradient: tf.Tensor1D, maxNorm: number): tf.Tensor1D {
  return tf.tidy(() => {
    const norm = tf.sqrt(tf.sum(tf.square(gradient)));
    const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, CLIP_EPSILON)), 1);
    return tf.mul(gradient, factor);
  });
}
