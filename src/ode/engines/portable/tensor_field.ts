import * as tf from "@tensorflow/tfjs";
import { valueAndGradients } from "../../../ops/gradients.ts";
import type { Parameters } from "../../../core/parameters.ts";
import { flattenGradients } from "../../../core/parameters.ts";
import type { DifferentiableField } from "../../field.ts";
import type { HostRows } from "./host_rows.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../../core/tensors.ts";

/** A velocity in tfjs operations: from the parameters' tensors, x [n, w] and t [n] to [n, w]. */
export type TensorVelocity = (
  tensors: readonly Tensor[],
  x: Tensor2D,
  t: Float64Array,
) => Tensor2D;

/** Rows of images are wide; a linearization here holds only copies of them. */
const LINEARIZATION_ROWS = 4096;

/**
 * Any tfjs function as a field over rows [n, width], pulled back by tfjs's own gradients.
 *
 * @param velocity Differentiable; disposes nothing of what it is given.
 */
export function tensorField(
  velocity: TensorVelocity,
  parameters: Parameters,
): DifferentiableField<Tensor2D, Tensor1D> {
  return {
    parts: null,
    parameterCount: parameters.layout.size,
    linearizationRows: LINEARIZATION_ROWS,
    evaluate: (t, y) => tf.tidy(() => velocity(parameters.tensors, y, t)),
    linearize({ t, y: points, gradient }) {
      const y = tf.clone(points);
      return {
        value: () => tf.tidy(() => velocity(parameters.tensors, y, t)),
        pullBack(first, cotangent) {
          const m = cotangent.shape[0];
          const times = t.subarray(first, first + m);
          const x = tf.slice(y, [first, 0], [m, -1]);
          const wanted = gradient === null ? [] : parameters.tensors;
          const velocityOf = (...inputs: Tensor[]) => {
            const [position, ...tensors] = inputs;
            return velocity(
              gradient === null ? parameters.tensors : tensors,
              position as Tensor2D,
              times,
            );
          };
          const gradients = tf.tidy(() =>
            valueAndGradients(velocityOf, [x, ...wanted], cotangent).gradients
          );
          const [ofX, ...ofTensors] = gradients;
          if (gradient !== null) gradient.add(flattenGradients(parameters.layout, ofTensors));
          tf.dispose([x, ...ofTensors]);
          return ofX as Tensor2D;
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
