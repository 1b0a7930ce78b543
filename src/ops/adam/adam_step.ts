import * as tf from "../../core/tfjs/library.ts";
import {
  ADAM_STEP,
  adamScales,
  type AdamStepSettings,
  BETA1,
  BETA2,
  CLIP_EPSILON,
  EPSILON,
} from "./contract.ts";

export type { AdamStepSettings };

/** State that a step of Adam updates: float32 vectors [n]. */
export interface AdamState {
  readonly weights: tf.Tensor1D;
  /** First moment of the gradient. */
  readonly m: tf.Tensor1D;
  /** Second moment of the gradient. */
  readonly v: tf.Tensor1D;
  /** Moving average of the weights; null if there is none. */
  readonly average: tf.Tensor1D | null;
}

/**
 * The state after one step along a gradient [n], in new tensors owned by the caller; no read-back.
 *
 *   g = gradient * min(1, clip / (|gradient| + 1e-6)) + weightDecay * weights
 *   m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
 *   weights <- weights - lr mHat / (sqrt(vHat) + epsilon),   mHat = m / (1 - beta1^(step + 1)), ...
 *   average <- averageDecay average + (1 - averageDecay) weights
 *
 * Source: Kingma & Ba 2015, algorithm 1, in the variant of torch.optim.Adam: weight decay is an L2
 * penalty added before the moments (not decoupled as in AdamW), and epsilon is added after the bias
 * correction of the second moment. Clipping as in torch.nn.utils.clip_grad_norm_.
 */
export function adamStep(
  state: AdamState,
  gradient: tf.Tensor1D,
  settings: AdamStepSettings,
): AdamState {
  if (tf.getKernel(ADAM_STEP, tf.getBackend()) === undefined) {
    return portableAdamStep(state, gradient, settings);
  }
  const { weights, m, v, average } = state;
  const inputs = { weights, gradient, m, v, ...(average === null ? {} : { average }) };
  const next = tf.engine().runKernel(ADAM_STEP, inputs, { ...settings }) as tf.Tensor1D[];
  return { weights: next[0]!, m: next[1]!, v: next[2]!, average: next[3] ?? null };
}

/** {@link adamStep} in tfjs operations: the reference for every kernel of that name. */
export function portableAdamStep(
  state: AdamState,
  gradient: tf.Tensor1D,
  settings: AdamStepSettings,
): AdamState {
  const { clip, weightDecay, averageDecay } = settings;
  const { secondScale, rate } = adamScales(settings);
  const [weights, m, v, average] = tf.tidy(() => {
    const clipped = clip === 0 ? gradient : clipByNorm(gradient, clip);
    const g = weightDecay === 0 ? clipped : tf.add(clipped, tf.mul(state.weights, weightDecay));
    const m = tf.add(tf.mul(state.m, BETA1), tf.mul(g, 1 - BETA1));
    const v = tf.add(tf.mul(state.v, BETA2), tf.mul(tf.square(g), 1 - BETA2));
    const spread = tf.add(tf.mul(tf.sqrt(v), secondScale), EPSILON);
    const weights = tf.sub(state.weights, tf.mul(tf.div(m, spread), rate));
    if (state.average === null) return [weights, m, v] as tf.Tensor1D[];
    const kept = tf.mul(state.average, averageDecay);
    const average = tf.add(kept, tf.mul(weights, 1 - averageDecay));
    return [weights, m, v, average] as tf.Tensor1D[];
  });
  return { weights: weights!, m: m!, v: v!, average: average ?? null };
}

/** The gradient, scaled so that its Euclidean norm is at most `maxNorm`. */
function clipByNorm(gradient: tf.Tensor1D, maxNorm: number): tf.Tensor1D {
  const norm = tf.sqrt(tf.sum(tf.square(gradient)));
  const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, CLIP_EPSILON)), 1);
  return tf.mul(gradient, factor);
}
