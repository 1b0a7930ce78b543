import * as tf from "../../core/tfjs/library.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { valueAndCotangents } from "../../ops/gradients.ts";
import type { DifferentiableField } from "../field.ts";

/** Tensors or variables by name. */
export type TensorRecord = Readonly<Record<string, Tensor>>;

/** dy/dt = f(t, y) over tensors of one shape. */
export interface TensorDynamics<T extends Tensor, P extends TensorRecord> {
  readonly f: (t: number, y: T, parameters: P) => Tensor;
  /** Shape of y. */
  readonly shape: readonly number[];
  readonly parameters: P;
}

/** Points per linearization; each stores a copy of the state. */
const LINEARIZATION_ROWS = 64;

/** Reshapes a state [1, size] to the shape of y. */
export function unflattened<T extends Tensor>(row: Tensor, shape: readonly number[]): T {
  return tf.reshape(row, [...shape]) as T;
}

/** f at a state [1, size], as [1, size]. */
export function slopeRow<T extends Tensor, P extends TensorRecord>(
  { f, shape, parameters }: TensorDynamics<T, P>,
  t: number,
  row: Tensor,
): Tensor2D {
  const slope = f(t, unflattened<T>(row, shape), parameters);
  if (!(slope instanceof tf.Tensor) || slope.shape.join() !== shape.join()) {
    const got = slope instanceof tf.Tensor ? `[${slope.shape.join(", ")}]` : typeof slope;
    throw new RangeError(
      `odeintTensors: f must return a tensor of y's shape [${shape.join(", ")}], got ${got}`,
    );
  }
  if (slope.dtype !== "float32") {
    throw new RangeError(`odeintTensors: f must return float32 numbers, got ${slope.dtype}`);
  }
  return tf.reshape(slope, [1, row.size]);
}

/**
 * The dynamics as a field over rows [m, size]: each row is a whole state with its own time. The flat
 * parameter vector is the concatenation of the record's tensors.
 */
export function tensorDynamicsField<T extends Tensor, P extends TensorRecord>(
  dynamics: TensorDynamics<T, P>,
): DifferentiableField<Tensor2D, Tensor1D> {
  const parameters = Object.values(dynamics.parameters);
  const evaluate = (t: Float64Array, y: Tensor2D): Tensor2D =>
    tf.tidy(() => {
      const rows = Array.from(
        t,
        (time, i) => slopeRow(dynamics, time, tf.slice(y, [i, 0], [1, -1])),
      );
      return rows.length === 1 ? rows[0]! : tf.concat(rows, 0);
    });
  return {
    parts: null,
    parameterCount: parameters.reduce((sum, { size }) => sum + size, 0),
    linearizationRows: LINEARIZATION_ROWS,
    evaluate,
    linearize({ t, y: points, gradient }) {
      const y = tf.clone(points);
      const wanted = gradient === null ? [] : parameters;
      return {
        value: () => evaluate(t, y),
        pullBack(first, cotangent) {
          const pulled = tf.tidy(() => {
            const rows: Tensor2D[] = [], sums: Tensor1D[] = [];
            for (let i = 0; i < cotangent.shape[0]; i++) {
              const x = tf.slice(y, [first + i, 0], [1, -1]);
              const { cotangents: [ofX, ...ofWanted] } = valueAndCotangents(
                () => slopeRow(dynamics, t[first + i]!, x),
                [x, ...wanted],
                tf.slice(cotangent, [i, 0], [1, -1]),
              );
              rows.push((ofX ?? tf.zerosLike(x)) as Tensor2D);
              sums.push(flattened(wanted, ofWanted));
            }
            return {
              rows: tf.concat(rows, 0),
              sum: sums.reduce((sum, term) => tf.add(sum, term)),
            };
          });
          if (gradient === null) pulled.sum.dispose();
          else gradient.add(pulled.sum);
          return pulled.rows;
        },
        close: () => y.dispose(),
      };
    },
  };
}

/** Concatenates cotangents of tensors to a new flat vector; undefined ones are zero. */
export function flattened(
  tensors: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): Tensor1D {
  if (tensors.length === 0) return tf.zeros([0]);
  return tf.tidy(() =>
    tf.concat1d(tensors.map((tensor, i) => {
      const cotangent = cotangents[i];
      return cotangent ? tf.reshape(cotangent, [tensor.size]) : tf.zeros([tensor.size]);
    }))
  );
}

/** Splits a flat vector into new tensors of the record's shapes. */
export function unflattenedRecord<P extends TensorRecord>(
  flat: Tensor1D,
  parameters: P,
): { readonly [K in keyof P]: Tensor } {
  let offset = 0;
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { size, shape }]) => {
        const part = tf.reshape(tf.slice(flat, [offset], [size]), shape);
        offset += size;
        return [name, part];
      }),
    ) as { readonly [K in keyof P]: Tensor }
  );
}
