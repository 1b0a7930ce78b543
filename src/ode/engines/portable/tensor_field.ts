import * as tf from "@tensorflow/tfjs";
import { valueAndGradients } from "../../../ops/gradients.ts";
import { type Piece, piecesOf } from "../../../ops/pieces.ts";
import type { Parameters } from "../../../core/parameters.ts";
import { flattenGradients } from "../../../core/parameters.ts";
import type { DifferentiableField } from "../../field.ts";
import type { StatePart } from "../../solver/rows.ts";
import type { HostRows } from "./host_rows.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../../core/tensors.ts";

/**
 * A velocity in tfjs operations: from the parameters' tensors, x [n, w], t [n] and the rows' numbers
 * in the whole problem [n] to [n, w].
 */
export type TensorVelocity = (
  tensors: readonly Tensor[],
  x: Tensor2D,
  t: Float64Array,
  rowIds: Int32Array,
) => Tensor2D;

/** A field made of a tfjs function: {@link tensorField}. */
export interface TensorField extends DifferentiableField<Tensor2D, Tensor1D> {
  /** The function. */
  readonly velocity: TensorVelocity;
  /** Its parameters; null where it has none. */
  readonly parameters: Parameters | null;
}

/** What {@link tensorField} may be told of a function. */
export interface TensorFieldOptions {
  /** The parts of its state; one part of any width when left out. */
  readonly parts?: readonly StatePart[];
  /** Rows that are differentiated together at most; 4,096 when left out. */
  readonly linearizationRows?: number;
}

/** Rows of images are wide; a linearization here holds only copies of them. */
const LINEARIZATION_ROWS = 4096;

/**
 * Any tfjs function as a field over rows [n, width], whose VJPs are tfjs's own gradients.
 *
 * @param velocity Differentiable; disposes nothing of what it is given.
 * @param parameters Its parameters; null if it has none.
 */
export function tensorField(
  velocity: TensorVelocity,
  parameters: Parameters | null,
  options: TensorFieldOptions = {},
): TensorField {
  const { parts = null, linearizationRows = LINEARIZATION_ROWS } = options;
  const tensors = () => parameters?.tensors ?? [];
  return {
    velocity,
    parameters,
    parts,
    parameterCount: parameters?.layout.size ?? 0,
    linearizationRows,
    evaluate: (t, y, rowIds) => tf.tidy(() => velocity(tensors(), y, t, rowIds)),
    linearize({ t, y: points, rowIds, gradient }) {
      const y = tf.clone(points);
      return {
        value: () => tf.tidy(() => velocity(tensors(), y, t, rowIds)),
        pullBack(first, cotangent) {
          const vjp = (piece: Piece) => {
            const begin = first + piece.first, end = begin + piece.count;
            const [x, ofPiece] = tf.tidy(() => [
              tf.slice2d(y, [begin, 0], [piece.count, -1]),
              tf.slice2d(cotangent, [piece.first, 0], [piece.count, -1]),
            ]);
            const wanted = gradient === null ? [] : tensors();
            const velocityOf = (...inputs: Tensor[]) => {
              const [position, ...given] = inputs;
              return velocity(
                gradient === null ? tensors() : given,
                position as Tensor2D,
                t.subarray(begin, end),
                rowIds.subarray(begin, end),
              );
            };
            const [ofX, ...ofTensors] = tf.tidy(() =>
              valueAndGradients(velocityOf, [x!, ...wanted], ofPiece).gradients
            );
            if (ofTensors.length > 0) {
              gradient!.add(flattenGradients(parameters!.layout, ofTensors));
            }
            tf.dispose([x!, ofPiece!, ...ofTensors]);
            return ofX as Tensor2D;
          };
          const pieces = piecesOf(cotangent.shape[0], linearizationRows).map(vjp);
          if (pieces.length === 1) return pieces[0]!;
          const whole = tf.concat2d(pieces, 0);
          tf.dispose(pieces);
          return whole;
        },
        close: () => y.dispose(),
      };
    },
  };
}

/** Rows of the host as float32 on the device; the caller's. */
export function toTensor(rows: HostRows): Tensor2D {
  return tf.tensor2d(Float32Array.from(rows.data), [rows.count, rows.width]);
}

/** Rows of the device on the host, where they can be read at once; `tensor` is given back. */
function toHost(tensor: Tensor2D): HostRows {
  const data = Float64Array.from(tensor.dataSync());
  tensor.dispose();
  return { data, count: tensor.shape[0], width: tensor.shape[1] };
}

/** A field over tensors as one over host rows, for backends whose tensors can be read at once. */
export function onHost(
  field: DifferentiableField<Tensor2D, Tensor1D>,
): DifferentiableField<HostRows, Tensor1D> {
  const through = (rows: HostRows, compute: (tensor: Tensor2D) => Tensor2D): HostRows => {
    const tensor = toTensor(rows);
    try {
      return toHost(compute(tensor));
    } finally {
      tensor.dispose();
    }
  };
  return {
    parts: field.parts,
    parameterCount: field.parameterCount,
    linearizationRows: field.linearizationRows,
    evaluate: (t, y, rowIds) => through(y, (tensor) => field.evaluate(t, tensor, rowIds)),
    linearize({ t, y, rowIds, gradient }) {
      const tensor = toTensor(y);
      const near = field.linearize({ t, y: tensor, rowIds, gradient });
      tensor.dispose();
      return {
        value: () => toHost(near.value()),
        pullBack: (first, cotangent) => through(cotangent, (rows) => near.pullBack(first, rows)),
        close: () => near.close(),
      };
    },
  };
}
