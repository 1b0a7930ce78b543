import * as tf from "../../../core/tfjs/library.ts";
import { valueAndGradients } from "../../../ops/gradients.ts";
import { type Piece, piecesOf } from "../../../ops/pieces.ts";
import type { Parameters } from "../../../core/parameters.ts";
import { flattenGradients } from "../../../core/parameters.ts";
import type { DifferentiableField } from "../../field.ts";
import type { StatePart } from "../../solver/rows.ts";
import type { HostRows } from "./host_rows.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../../core/tensors.ts";

/**
 * A velocity [n, w] in tfjs operations, as a function of the parameter tensors, x [n, w], t [n] and
 * the row indices [n] in the whole problem.
 */
export type TensorVelocity = (
  tensors: readonly Tensor[],
  x: Tensor2D,
  t: Float64Array,
  rowIds: Int32Array,
) => Tensor2D;

/** A field defined by a tfjs function; see {@link tensorField}. */
export interface TensorField extends DifferentiableField<Tensor2D, Tensor1D> {
  /** The function. */
  readonly velocity: TensorVelocity;
  /** Its parameters, or null. */
  readonly parameters: Parameters | null;
}

/** Options of {@link tensorField}. */
export interface TensorFieldOptions {
  /** The parts of the state. Default: one part of any width. */
  readonly parts?: readonly StatePart[];
  /** Largest number of rows per linearization. Default: 4,096. */
  readonly linearizationRows?: number;
}

/**
 * Default limit of rows per linearization; larger batches are no faster. Large enough although image
 * rows are wide: a linearization stores only copies of the rows.
 */
export const LINEARIZATION_ROWS = 4096;

/**
 * A field over rows [n, width] defined by any tfjs function, with VJPs by tfjs's autodiff.
 *
 * @param velocity Differentiable; must not dispose its arguments.
 * @param parameters Its parameters, or null.
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

/** Uploads host rows as a float32 tensor; owned by the caller. */
export function toTensor(rows: HostRows): Tensor2D {
  return tf.tensor2d(Float32Array.from(rows.data), [rows.count, rows.width]);
}

/** Reads a tensor synchronously as host rows; disposes the tensor. */
function toHost(tensor: Tensor2D): HostRows {
  const data = Float64Array.from(tensor.dataSync());
  tensor.dispose();
  return { data, count: tensor.shape[0], width: tensor.shape[1] };
}

/** Adapts a field over tensors to host rows, for backends with synchronous read-back. */
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
