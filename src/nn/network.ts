import type { ParameterLayout } from "../core/parameters.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../core/tensors.ts";

/**
 * A velocity network without its weights: the only view of it that flows, training, sampling and
 * likelihoods have. Any record with the first four fields is a network:
 *
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { layoutOf } from "../core/parameters.ts";
 *
 * const linear: Network = {
 *   kind: "linear",
 *   rowWidth: 2,
 *   layout: layoutOf([{ kind: "linear", name: "out", inputs: 2, outputs: 2 }]),
 *   apply: ([weight, bias], x) => tf.add(tf.matMul(x, weight as tf.Tensor2D), bias!),
 * };
 * ```
 */
export interface Network {
  /** Its name in a run's `config.json`; `registerNetwork` makes runs of this kind readable. */
  readonly kind: string;
  /** Numbers per row of input and output: the dimension of points, or height * width * channels. */
  readonly rowWidth: number;
  /** The parameters' names, shapes and initial distributions, from `layoutOf`. */
  readonly layout: ParameterLayout;
  /**
   * The velocity, in tfjs operations that are differentiable in `parameters` and `x`. Rows must be
   * independent of each other. Disposes none of its arguments.
   *
   * @param parameters In layout order, each with its `deviceShape`: a linear layer's weight is
   *   [in, out].
   * @param x [n, rowWidth]; images are NHWC, flattened.
   * @returns Velocities with x's shape.
   */
  apply(parameters: readonly Tensor[], x: Tensor2D, at: VelocityInputs): Tensor2D;
  /**
   * Mean over all elements of (velocity - target)^2, if the current backend has it as one operation that
   * is differentiable in `parameters` alone; null otherwise, and by default.
   *
   * @param target Of x's shape.
   */
  squaredError?(
    parameters: readonly Tensor[],
    x: Tensor2D,
    at: VelocityInputs,
    target: Tensor2D,
  ): Scalar | null;
  /**
   * The same velocity at times [n] that a GPU has computed and the host does not know: with it a solve with
   * adaptive steps need not wait for the GPU at each of them, and a training step of flow matching at uniform
   * times on a straight path draws these on the GPU.
   *
   * Differentiable in `parameters`, as `apply` is: training pulls back through it. A pure function of its
   * tensors: a solve records its commands at the first step attempt and uses them again at the others, so
   * that anything that the host makes in it, such as random numbers or a counter's value, stays as it was then.
   */
  applyAtDeviceTimes?(parameters: readonly Tensor[], x: Tensor2D, t: Tensor1D): Tensor2D;
  /** Sizes recorded beside the kind in `config.json`; nothing by default. */
  readonly sizes?: Readonly<Record<string, unknown>>;
  /** Image size if rows are images; points by default. */
  readonly image?: ImageShape;
  /** Set if fused engines implement this velocity; they do not call `apply`. */
  readonly fused?: FusedField;
  /**
   * Activation memory per row, which decides where a batch is split; by default estimated from the
   * layout. Specify it if layers share weights or activations outgrow the layers' outputs.
   */
  readonly activations?: ActivationNumbers;
  /** Constant tensors in the PyTorch module's state_dict; none by default. */
  readonly buffers?: readonly BufferTensor[];
  /** Human-readable description, such as "a UNet of 32 filters". */
  readonly description?: string;
}

/** Arguments of the velocity besides x. */
export interface VelocityInputs {
  /** [n], time of each row; any finite numbers. */
  readonly t: ArrayLike<number>;
  /** [n, ...], values that each row is conditioned on. Reserved: always undefined today. */
  readonly condition?: Tensor | undefined;
}

/** Image size, NHWC. */
export interface ImageShape {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** 1 for greyscale. */
  readonly channels: number;
}

/** A velocity that fused engines implement: the ConditionalMLP, parameters in `mlpLayout` order. */
export interface FusedField {
  /** Which velocity. */
  readonly kind: "mlp";
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers. */
  readonly hidden: number;
}

/** Number of float32 values per row held in a network's tensors. */
export interface ActivationNumbers {
  /** During evaluation. */
  readonly evaluation: number;
  /** During differentiation of a loss, if nothing is freed before the end. */
  readonly training: number;
}

/** A constant tensor in a PyTorch state_dict, besides the parameters. */
export interface BufferTensor {
  /** PyTorch's name without a leading `model.`. */
  readonly name: string;
  /** PyTorch's shape. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** What `config.json` records about a network. */
export interface NetworkRecord {
  /** Kind of the network. */
  readonly kind: string;
  /** Its sizes. */
  readonly [size: string]: unknown;
}

/** Whether a network's rows are images. */
export function isImageNetwork(
  network: Network,
): network is Network & { readonly image: ImageShape } {
  return network.image !== undefined;
}

/** Human-readable description of a network and its sizes. */
export function descriptionOf({ kind, description }: Network): string {
  return description ?? `a network of kind ${kind}`;
}

/** Record of a network for `config.json`. */
export function networkRecord({ kind, sizes }: Network): NetworkRecord {
  return { kind, ...sizes };
}

/** Whether two records describe the same network; the order of sizes does not matter. */
export function isSameRecord(one: NetworkRecord, other: NetworkRecord): boolean {
  const sorted = (record: NetworkRecord) =>
    JSON.stringify(Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1));
  return sorted(one) === sorted(other);
}
