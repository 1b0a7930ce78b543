import * as tf from "../../../core/tfjs/library.ts";
import type { RowSpace, Term } from "../../solver/rows.ts";

/** `values` as a column [n, 1] on the current backend, in float32. */
function column(values: Float64Array): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(values), [values.length, 1]);
}

function weightedSum(terms: readonly Term<tf.Tensor2D>[]): tf.Tensor2D {
  const weighted = terms.map(({ weight, rows }) =>
    tf.mul<tf.Tensor2D>(rows, typeof weight === "number" ? weight : column(weight))
  );
  return weighted.reduce((sum, term) => tf.add(sum, term));
}

/** Solver arithmetic in float32 on tensors [n, w] of the current backend. */
export const tensorSpace: RowSpace<tf.Tensor2D> = {
  count: (rows) => rows.shape[0],
  width: (rows) => rows.shape[1],
  combine: (base, scale, terms) =>
    tf.tidy(() => {
      // Not folded into the weights, or the bits of a row would depend on the h of other rows.
      const first = scale[0];
      const h = first !== undefined && scale.every((value) => value === first)
        ? first
        : column(scale);
      const scaled = tf.mul<tf.Tensor2D>(weightedSum(terms), h);
      return base === null ? scaled : tf.add(base, scaled);
    }),
  async scaledSquares(value, { reference, other, parts, rtol, atol }) {
    const sums = tf.tidy(() => {
      const largest = tf.maximum(tf.abs(reference), tf.abs(other));
      // An infinite state would scale every error to zero; 0 * Infinity is NaN.
      const scaled = tf.add(
        tf.div(value, tf.add(tf.mul(largest, rtol), atol)),
        tf.mul(largest, 0),
      );
      const squares = tf.square(scaled);
      let start = 0;
      const columns = parts.map(({ width }) => {
        const part = tf.slice(squares, [0, start], [-1, width]);
        start += width;
        return tf.sum(part, 1, true);
      });
      return columns.length === 1 ? columns[0]! : tf.concat(columns, 1);
    });
    try {
      const out = Float64Array.from(await sums.data());
      return out.map((sum) => sum < Infinity ? sum : NaN);
    } finally {
      sums.dispose();
    }
  },
  take: (rows, indices) => tf.tidy(() => tf.gather(rows, tf.tensor1d(indices, "int32"))),
  stack: (blocks) => blocks.length === 1 ? tf.clone(blocks[0]!) : tf.concat([...blocks], 0),
  columns: (rows, start, width) => tf.slice(rows, [0, start], [-1, width]),
  beside: (blocks) => blocks.length === 1 ? tf.clone(blocks[0]!) : tf.concat([...blocks], 1),
  release: (rows) => rows.dispose(),
};
