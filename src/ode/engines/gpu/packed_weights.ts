import type { ParameterEntry } from "../../../core/parameters.ts";
import { mlpLayout, type MlpShape } from "../../../ops/mlp_field/contract.ts";

/**
 * Where a ConditionalMLP's weights stand in a GPU buffer, in vectors of four float32. The width is
 * padded with zeros to whole vectors ("quads"); every matrix is row-major in quads.
 *
 * The part up to `gradientSize` is also the layout of a partial sum of their gradient.
 */
export interface PackedWeights {
  /** Vectors per row of a hidden layer. */
  readonly quads: number;
  /** W0, [dims][quads]. */
  readonly w0: number;
  /** [quads]. */
  readonly b0: number;
  /** W1, [4 quads][quads]. */
  readonly w1: number;
  /** [quads]. */
  readonly b1: number;
  /** W2, [4 quads][quads]. */
  readonly w2: number;
  /** [quads]. */
  readonly b2: number;
  /** W3 transposed, [dims][quads]. */
  readonly w3t: number;
  /** [ceil(dims / 4)]. */
  readonly b3: number;
  /** Vectors up to here. */
  readonly gradientSize: number;
  /** W1 transposed, [4 quads][quads]. */
  readonly w1t: number;
  /** W2 transposed, [4 quads][quads]. */
  readonly w2t: number;
  /** Vectors in all. */
  readonly size: number;
}

/** The layout for a network. */
export function packedWeights({ dims, hidden }: MlpShape): PackedWeights {
  const quads = Math.ceil(hidden / 4);
  const narrow = dims * quads, square = 4 * quads * quads;
  const w0 = 0, b0 = w0 + narrow;
  const w1 = b0 + quads, b1 = w1 + square;
  const w2 = b1 + quads, b2 = w2 + square;
  const w3t = b2 + quads, b3 = w3t + narrow;
  const gradientSize = b3 + Math.ceil(dims / 4);
  const w1t = gradientSize, w2t = w1t + square;
  return {
    quads,
    w0,
    b0,
    w1,
    b1,
    w2,
    b2,
    w3t,
    b3,
    gradientSize,
    w1t,
    w2t,
    size: w2t + square,
  };
}

/** In {@link packingOrder}: padding, which is zero. */
export const PADDING = 0xffffffff;

/**
 * For every number of the packed weights, its index in the flat parameter vector (device order), or
 * {@link PADDING}.
 */
export function packingOrder(shape: MlpShape): Uint32Array<ArrayBuffer> {
  const layout = mlpLayout(shape), packed = packedWeights(shape);
  const rowLength = 4 * packed.quads;
  const order = new Uint32Array(4 * packed.size).fill(PADDING);
  const put = (entry: ParameterEntry, at: number, as: "stored" | "transposed" = "stored") => {
    const [rows, columns] = entry.deviceShape.length === 2 ? entry.deviceShape : [1, entry.size];
    for (let i = 0; i < rows!; i++) {
      for (let j = 0; j < columns!; j++) {
        const place = as === "transposed" ? j * rowLength + i : i * rowLength + j;
        order[4 * at + place] = entry.offset + i * columns! + j;
      }
    }
  };
  put(layout.inputWeight, packed.w0);
  put(layout.inputBias, packed.b0);
  put(layout.hidden1Weight, packed.w1);
  put(layout.hidden1Bias, packed.b1);
  put(layout.hidden2Weight, packed.w2);
  put(layout.hidden2Bias, packed.b2);
  put(layout.outputWeight, packed.w3t, "transposed");
  put(layout.outputBias, packed.b3);
  put(layout.hidden1Weight, packed.w1t, "transposed");
  put(layout.hidden2Weight, packed.w2t, "transposed");
  return order;
}

/** For every entry of the flat parameter vector, its place in a packed gradient, in numbers. */
export function gradientPlaces(shape: MlpShape): Uint32Array<ArrayBuffer> {
  const order = packingOrder(shape);
  const places = new Uint32Array(mlpLayout(shape).size);
  for (let at = 0; at < 4 * packedWeights(shape).gradientSize; at++) {
    if (order[at] !== PADDING) places[order[at]!] = at;
  }
  return places;
}
