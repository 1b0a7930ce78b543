import * as tf from "./tfjs/library.ts";
import { hasTensors } from "./tfjs/on_demand.ts";
import type { Tensor, Tensor1D } from "./tensors.ts";

/**
 * One parameter tensor of a model; checkpoints, optimizer and engines share this record.
 *
 * Files hold PyTorch's shape. On the device the axes are permuted into the order that the
 * operation reads fastest: [in, out] for a Linear weight, [kh, kw, in, out] for a convolution.
 */
export interface ParameterEntry {
  /** PyTorch's name without a leading `model.`, such as `backbone.0.weight`. */
  readonly name: string;
  /** PyTorch's shape. */
  readonly shape: readonly number[];
  /** `deviceShape[i]` is `shape[axes[i]]`. */
  readonly axes: readonly number[];
  /** Shape on the device. */
  readonly deviceShape: readonly number[];
  /** First element in the flat parameter vector. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  /** Centre of the initial distribution: 1 for the scale of a normalisation, else 0. */
  readonly initialCentre: number;
  /**
   * Half-width of the uniform initial distribution: 1 / sqrt(fan-in) (PyTorch's Linear and
   * Conv2d), 0 for normalisations and zero-initialised layers.
   */
  readonly initialBound: number;
}

/** All parameter tensors of a model, concatenated into one flat vector in PyTorch's order. */
export interface ParameterLayout {
  /** One entry per tensor, ordered by offset. */
  readonly entries: readonly ParameterEntry[];
  /** Number of elements of the flat vector. */
  readonly size: number;
}

/** A layer with weight and bias, from which a layout is built. */
export type LayerShape =
  | {
    readonly kind: "linear";
    readonly name: string;
    readonly inputs: number;
    readonly outputs: number;
  }
  | {
    readonly kind: "conv2d";
    readonly name: string;
    readonly inputs: number;
    readonly outputs: number;
    readonly kernel: number;
    /** Whether weight and bias are initialised to zero; default false. */
    readonly startsAtZero?: boolean;
  }
  | {
    /** A normalisation's scale and offset (PyTorch's `weight` and `bias`). */
    readonly kind: "norm";
    readonly name: string;
    readonly channels: number;
  };

/** The parameter layout of a sequence of layers: weight, then bias, of each. */
export function layoutOf(layers: readonly LayerShape[]): ParameterLayout {
  const entries: ParameterEntry[] = [];
  let offset = 0;
  const add = (
    name: string,
    shape: number[],
    axes: number[],
    initialBound: number,
    initialCentre = 0,
  ) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    entries.push({
      name,
      shape,
      axes,
      deviceShape: axes.map((axis) => shape[axis]!),
      offset,
      size,
      initialCentre,
      initialBound,
    });
    offset += size;
  };
  for (const layer of layers) {
    switch (layer.kind) {
      case "linear": {
        const bound = 1 / Math.sqrt(layer.inputs);
        add(
          `${layer.name}.weight`,
          [layer.outputs, layer.inputs],
          [1, 0],
          bound,
        );
        add(`${layer.name}.bias`, [layer.outputs], [0], bound);
        break;
      }
      case "conv2d": {
        const bound = layer.startsAtZero ? 0 : 1 / Math.sqrt(layer.inputs * layer.kernel ** 2);
        add(
          `${layer.name}.weight`,
          [layer.outputs, layer.inputs, layer.kernel, layer.kernel],
          [2, 3, 1, 0],
          bound,
        );
        add(`${layer.name}.bias`, [layer.outputs], [0], bound);
        break;
      }
      case "norm":
        add(`${layer.name}.weight`, [layer.channels], [0], 0, 1);
        add(`${layer.name}.bias`, [layer.channels], [0], 0);
        break;
      default:
        layer satisfies never;
    }
  }
  return { entries, size: offset };
}

/** Permutes one tensor's axes between file order (`shape`) and device order (`deviceShape`). */
export function reorderAxes(
  entry: ParameterEntry,
  values: Float32Array,
  to: "device" | "file",
): Float32Array {
  const rank = entry.shape.length;
  const fileStrides = new Array<number>(rank).fill(1);
  for (let axis = rank - 2; axis >= 0; axis--) {
    fileStrides[axis] = fileStrides[axis + 1]! * entry.shape[axis + 1]!;
  }
  const out = new Float32Array(entry.size);
  const index = new Array<number>(rank).fill(0);
  for (let devicePosition = 0; devicePosition < entry.size; devicePosition++) {
    let filePosition = 0;
    for (let axis = 0; axis < rank; axis++) {
      filePosition += index[axis]! * fileStrides[entry.axes[axis]!]!;
    }
    if (to === "device") out[devicePosition] = values[filePosition]!;
    else out[filePosition] = values[devicePosition]!;
    for (let axis = rank - 1; axis >= 0; axis--) {
      if (++index[axis]! < entry.deviceShape[axis]!) break;
      index[axis] = 0;
    }
  }
  return out;
}

/** Weights on the device: a flat vector, and its parts in layout order once somebody asked for them. */
interface Uploaded {
  readonly flat: Tensor1D;
  tensors: readonly Tensor[] | null;
}

/**
 * A model's weights: one flat vector in device order, and a tensor per entry of the layout. The creator
 * must dispose it.
 *
 * They are uploaded to the backend that is current when they are made, or if tfjs was not loaded by
 * then, to the one that is current when a tensor is first asked for.
 */
export class Parameters {
  /** Names, shapes and offsets of the tensors. */
  readonly layout: ParameterLayout;
  /** Numbers until they are uploaded. */
  #held: Uploaded | Float32Array<ArrayBuffer>;

  private constructor(layout: ParameterLayout, held: Uploaded | Float32Array<ArrayBuffer>) {
    this.layout = layout;
    this.#held = held;
  }

  /**
   * Weights from a flat vector in device order, which is copied.
   *
   * @throws {RangeError} If it has another length.
   */
  static fromFlat(layout: ParameterLayout, values: Float32Array): Parameters {
    requireSize(layout, values);
    const own = values.slice();
    return new Parameters(layout, hasTensors() ? kept(tf.tensor1d(own)) : own);
  }

  #uploaded(): Uploaded {
    if (this.#held instanceof Float32Array) this.#held = kept(tf.tensor1d(this.#held));
    return this.#held;
  }

  /** [layout.size] in device order. Owned by this object: do not dispose. */
  get flat(): Tensor1D {
    return this.#uploaded().flat;
  }

  /** In layout order, each with its `deviceShape`. Owned by this object: do not dispose. */
  get tensors(): readonly Tensor[] {
    const held = this.#uploaded();
    // Cut when asked for: engines read the flat vector, and cutting took each training step 0.2 ms.
    return held.tensors ??= split(this.layout, held.flat);
  }

  /** Takes ownership of `flat` as the new value; disposes the old tensors. */
  replace(flat: Tensor1D): void {
    this.dispose();
    this.#held = kept(flat);
  }

  /**
   * Takes ownership of `values`, in device order, as the new value; disposes the old tensors. They are
   * uploaded when a tensor is first asked for.
   *
   * @throws {RangeError} If their number is another.
   */
  replaceNumbers(values: Float32Array<ArrayBuffer>): void {
    requireSize(this.layout, values);
    this.dispose();
    this.#held = values;
  }

  /** A copy of the flat vector in device order. */
  async read(): Promise<Float32Array> {
    const held = this.#held;
    return held instanceof Float32Array ? held.slice() : new Float32Array(await held.flat.data());
  }

  /** Disposes the tensors. */
  dispose(): void {
    if (this.#held instanceof Float32Array) return;
    this.#held.flat.dispose();
    for (const tensor of this.#held.tensors ?? []) tensor.dispose();
  }
}

function requireSize({ size }: ParameterLayout, { length }: Float32Array): void {
  if (length !== size) throw new RangeError(`parameters: expected ${size} numbers, got ${length}`);
}

function kept(flat: Tensor1D): Uploaded {
  return { flat: tf.keep(flat), tensors: null };
}

function split(
  { entries }: ParameterLayout,
  flat: Tensor1D,
): readonly Tensor[] {
  // tfjs does not split into no parts: a flow known in closed form has no weights.
  if (entries.length === 0) return [];
  const views = tf.tidy(() => {
    // One operation, which takes a GPU a few dispatches.
    const parts = tf.split(flat, entries.map(({ size }) => size));
    return parts.map((part, i) => tf.reshape(part, [...entries[i]!.deviceShape]));
  });
  return views.map((view) => tf.keep(view));
}

/** Concatenates per-tensor gradients (layout order, device shape) into one flat vector. */
export function flattenGradients(
  layout: ParameterLayout,
  gradients: readonly Tensor[],
): Tensor1D {
  return tf.tidy(() =>
    tf.concat1d(
      gradients.map((gradient, i) => tf.reshape(gradient, [layout.entries[i]!.size])),
    )
  );
}
