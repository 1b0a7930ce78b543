import type { ParameterLayout } from "../core/parameters.ts";
import type { Tensor, Tensor2D } from "../core/tensors.ts";

/**
 * A velocity network without its weights: all that flows, training, sampling and likelihoods know
 * of one. Any record with the first four fields is a network:
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
  /** Its name in a run's `config.json`; `registerNetwork` says how a run of this kind is read. */
  readonly kind: string;
  /** Numbers per row of input and output: the dimension of points, or height * width * channels. */
  readonly rowWidth: number;
  /** The parameters' names, shapes and initial distributions, from `layoutOf`. */
  readonly layout: ParameterLayout;
  /**
   * The velocity, in tfjs operations that are differentiable in `parameters` and `x`. Rows are
   * independent of each other. It disposes nothing of what it is given.
   *
   * @param parameters In the layout's order, each of its `deviceShape`: a linear layer's weight is
   *   [in, out].
   * @param x [n, rowWidth]; images are NHWC, flattened.
   * @returns Like x.
   */
  apply(parameters: readonly Tensor[], x: Tensor2D, at: VelocityInputs): Tensor2D;
  /** What `config.json` records beside the kind, as JSON; nothing when left out. */
  readonly sizes?: Readonly<Record<string, unknown>>;
  /** The size of the images that the rows are; points when left out. */
  readonly image?: ImageShape;
  /** Set where the velocity is one that fused engines know; they then need no `apply`. */
  readonly fused?: FusedField;
  /**
   * Activations per row, which decide where a batch is cut; estimated from the layout when left
   * out. Give it if layers share weights, or activations grow faster than the layers' outputs.
   */
  readonly activations?: ActivationNumbers;
  /** Constant tensors of the PyTorch module's state_dict; none when left out. */
  readonly buffers?: readonly BufferTensor[];
  /** Its sizes in words, such as "a UNet of 32 filters". */
  readonly description?: string;
}

/** What the velocity is a function of beside x. */
export interface VelocityInputs {
  /** [n], the time of each row; any finite numbers. */
  readonly t: ArrayLike<number>;
  /** [n, ...], what each row is conditioned on. Reserved: undefined today. */
  readonly condition?: Tensor | undefined;
}

/** The size of an image, NHWC. */
export interface ImageShape {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** 1 for grey values. */
  readonly channels: number;
}

/** A velocity that fused engines know: the ConditionalMLP, its parameters in `mlpLayout`'s order. */
export interface FusedField {
  /** Says which. */
  readonly kind: "mlp";
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers. */
  readonly hidden: number;
}

/** Float32 numbers per row that the tensors of a network hold. */
export interface ActivationNumbers {
  /** While it is evaluated. */
  readonly evaluation: number;
  /** While a loss is differentiated, if nothing were given back before the end. */
  readonly training: number;
}

/** A constant tensor that PyTorch's state_dict of a network holds beside its parameters. */
export interface BufferTensor {
  /** PyTorch's name without a leading `model.`. */
  readonly name: string;
  /** PyTorch's shape. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** What `config.json` records of a network. */
export interface NetworkRecord {
  /** Which network. */
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

/** What a network is, with its sizes, in words. */
export function descriptionOf({ kind, description }: Network): string {
  return description ?? `a network of kind ${kind}`;
}

/** A network as `config.json` records it. */
export function networkRecord({ kind, sizes }: Network): NetworkRecord {
  return { kind, ...sizes };
}

/** Whether two records are of the same network: the order of the sizes means nothing. */
export function isSameRecord(one: NetworkRecord, other: NetworkRecord): boolean {
  const sorted = (record: NetworkRecord) =>
    JSON.stringify(Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1));
  return sorted(one) === sorted(other);
}
