import type * as tf from "@tensorflow/tfjs";

/** Parameters of a group normalisation. */
export interface GroupNormParameters {
  /** [c]. */
  readonly scale: tf.Tensor1D;
  /** [c]. */
  readonly offset: tf.Tensor1D;
  /** [n, c], added to every pixel before normalisation; null for none. */
  readonly shift: tf.Tensor2D | null;
}

/** All inputs of the operation. */
export interface GroupNormInputs extends GroupNormParameters {
  /** [n, h, w, c]. */
  readonly x: tf.Tensor4D;
}

/** Result of the operation, with the statistics that its VJP needs. */
export interface GroupNormOutputs extends GroupNormStatistics {
  /** [n, h, w, c]. */
  readonly y: tf.Tensor4D;
}

/** Statistics of each image's groups. */
export interface GroupNormStatistics {
  /** [n, groups], of x + shift. */
  readonly mean: tf.Tensor2D;
  /** [n, groups]. */
  readonly inverseStd: tf.Tensor2D;
}

/** Cotangents of the operation's inputs. */
export interface GroupNormGradients {
  /** [n, h, w, c]. */
  readonly dx: tf.Tensor4D;
  /** [c]. */
  readonly dScale: tf.Tensor1D;
  /** [c]. */
  readonly dOffset: tf.Tensor1D;
  /** [n, c]: the sum of dx over pixels. */
  readonly dShift: tf.Tensor2D;
}
