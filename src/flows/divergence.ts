import * as tf from "../core/tfjs/library.ts";
import { quotedJson } from "../core/quoted.ts";
import type { Tensor, Tensor2D } from "../core/tensors.ts";
import { energyColumns, type EnergyOption, energyParts } from "../ode/energies.ts";
import { drawProbes, type Probes } from "../ode/probes.ts";
import {
  LINEARIZATION_ROWS,
  type TensorField,
  tensorField,
  type TensorVelocity,
} from "../ode/engines/portable/tensor_field.ts";
import { valueAndGradients } from "../ops/gradients.ts";
import { type Piece, piecesOf } from "../ops/pieces.ts";

/**
 * Directions for the trace: all unit vectors, summed, or random probes, averaged; and whether the
 * energies follow.
 */
export type DivergenceTrace =
  & EnergyOption
  & (
    | { readonly kind: "exact" }
    | {
      readonly kind: "hutchinson";
      /** Row i uses entries count * i, ..., count * i + count - 1 of this probe sequence. */
      readonly probes: Probes;
      /** Probes per row; default 1. */
      readonly count?: number;
    }
  );

/** Number of log-density columns: one for the exact trace, else one per probe. */
export function changeColumns(trace: DivergenceTrace): number {
  return trace.kind === "exact" ? 1 : trace.count ?? 1;
}

/** Number of columns after the position: log-density, and energies where the trace has them. */
export function traceColumns(trace: DivergenceTrace): number {
  return changeColumns(trace) + energyColumns(trace);
}

/**
 * Memory for differentiating one direction's VJP, relative to a gradient of the field: up to
 * 2.4 was measured for a ConditionalMLP. All directions are held at once.
 */
const SECOND_ORDER_MEMORY = 3;

/** Size limit, in numbers, for stacking several directions into one VJP. */
const STACKED_NUMBERS = 2 ** 16;

/**
 * Augments a field with the change of log-density along its trajectories.
 *
 *   d logp / dt = -tr(df/dz)                          (Chen et al. 2018, Neural ODEs, Theorem 1)
 *   tr(df/dz)  = sum over j of u_j.(J^T u_j)          exact, u_j the unit vectors
 *              ~ e.(J^T e),  E[e e^T] = I             Hutchinson 1990; Grathwohl et al. 2019, FFJORD
 *
 * The state is (z [dims], logp [1]); with Hutchinson's estimate (z [dims], logp [count]). Each
 * probe has its own column, so the mean over columns is the estimate along one trajectory of z and
 * their standard deviation gives its standard error ({@link probeEstimate}). With `energies` two
 * columns follow, see `energyParts`; |J|_F^2 is the sum over unit vectors, or the mean over probes,
 * of |J^T e|^2.
 *
 * Directions are VJPs: each evaluation costs one field evaluation and one VJP per direction, `dims`
 * of them for the exact trace. (tfjs has no forward-mode derivatives; the fused ConditionalMLP has,
 * at less than half the cost, requested by `trace` in its `FieldSpec`.) Training by likelihood
 * differentiates twice: each operation's gradient must be made of tfjs operations that have
 * gradients themselves.
 *
 * @param field Velocity over rows [n, dims], which must be independent of each other.
 * @throws {RangeError} If `dims` or the number of probes is not a positive integer, or the trace is
 *   neither.
 */
export function withDivergence(
  field: TensorField,
  trace: DivergenceTrace,
  dims: number,
): TensorField {
  if (trace.kind !== "exact" && !(trace.kind === "hutchinson" && trace.probes?.key !== undefined)) {
    throw new RangeError(
      'withDivergence: trace must be { kind: "exact" } or { kind: "hutchinson", probes }, ' +
        `got ${quotedJson(trace)}`,
    );
  }
  const columns = changeColumns(trace);
  if (!Number.isInteger(dims) || dims < 1 || !Number.isInteger(columns) || columns < 1) {
    throw new RangeError(
      `withDivergence: expected positive integers for dims and probe count, got ${dims}, ${columns}`,
    );
  }
  const velocity: TensorVelocity = (tensors, y, t, rowIds) => {
    const added = traceColumns(trace);
    if (y.shape[1] !== dims + added) {
      throw new RangeError(
        `withDivergence: expected a state of ${dims} + ${added} columns, got ${y.shape[1]}`,
      );
    }
    return tf.tidy(() => {
      const pieces = piecesOf(t.length, field.linearizationRows).map(({ first, count }) =>
        tf.tidy(() => {
          const x = tf.slice2d(y, [first, 0], [count, dims]);
          const rows = {
            t: t.subarray(first, first + count),
            rowIds: rowIds.subarray(first, first + count),
          };
          return slopes({ field, trace, tensors }, x, rows);
        })
      );
      return pieces.length === 1 ? pieces[0]! : tf.concat2d(pieces, 0);
    });
  };
  const parts = [
    { name: "z", width: dims },
    { name: "logp", width: columns },
    ...(trace.energies ? energyParts : []),
  ];
  const memory = SECOND_ORDER_MEMORY * directionsOf(trace, dims);
  const fitting = Math.max(1, Math.floor(field.linearizationRows / memory));
  return tensorField(velocity, field.parameters, {
    parts,
    linearizationRows: Math.min(LINEARIZATION_ROWS, fitting),
  });
}

function directionsOf(trace: DivergenceTrace, dims: number): number {
  return trace.kind === "exact" ? dims : changeColumns(trace);
}

/** Times and row numbers, [n] each. */
interface RowPlaces {
  readonly t: Float64Array;
  readonly rowIds: Int32Array;
}

/** f, minus its divergence, and the energies at rows x [n, d]: [n, d + columns]. Call inside tf.tidy. */
function slopes(
  { field, trace, tensors }: {
    readonly field: TensorField;
    readonly trace: DivergenceTrace;
    readonly tensors: readonly Tensor[];
  },
  x: Tensor2D,
  rows: RowPlaces,
): Tensor2D {
  const [n, dims] = x.shape;
  const directionCount = directionsOf(trace, dims);
  const together = Math.min(field.linearizationRows / n, STACKED_NUMBERS / (n * dims));
  const products: Tensor2D[] = [], squares: Tensor2D[] = [];
  let velocity: Tensor2D | null = null;
  for (const piece of piecesOf(directionCount, Math.floor(together))) {
    const { count } = piece;
    const [product, square, value] = tf.tidy(() => {
      const directions = trace.kind === "exact"
        ? unitVectors(piece, n, dims)
        : tf.tensor2d(probesOf(trace, piece, rows.rowIds, dims), [count * n, dims]);
      const { value, gradients: [pulled] } = valueAndGradients(
        (position) =>
          field.velocity(
            tensors,
            position as Tensor2D,
            repeated(rows.t, count, Float64Array),
            repeated(rows.rowIds, count, Int32Array),
          ),
        [count === 1 ? x : tf.concat2d(new Array<Tensor2D>(count).fill(x), 0)],
        directions,
      );
      const product = tf.reshape(tf.sum(tf.mul(pulled!, directions), 1), [count, n]);
      const square = trace.energies
        ? tf.sum(tf.reshape(tf.sum(tf.square(pulled!), 1), [count, n]), 0)
        : tf.zeros([0]);
      if (piece.first > 0) return [product, square];
      return [product, square, count === 1 ? value : tf.slice2d(value, [0, 0], [n, dims])];
    });
    products.push(product as Tensor2D);
    squares.push(square as Tensor2D);
    velocity ??= value as Tensor2D;
  }
  const all = products.length === 1 ? products[0]! : tf.concat2d(products, 0);
  const divergence = trace.kind === "exact"
    ? tf.reshape(tf.sum(all, 0), [n, 1])
    : tf.transpose(all);
  const parts = [velocity!, tf.neg(divergence) as Tensor2D];
  if (trace.energies) {
    const count = trace.kind === "exact" ? 1 : changeColumns(trace);
    const total = tf.div(squares.reduce((sum, square) => tf.add(sum, square)), count);
    parts.push(tf.sum(tf.square(velocity!), 1, true), tf.reshape(total, [n, 1]));
  }
  return tf.concat2d(parts, 1);
}

/** Unit vectors for a range of dimensions, each repeated for all rows: [count * n, dims]. */
function unitVectors({ first, count }: Piece, n: number, dims: number): Tensor2D {
  const out = new Float32Array(count * n * dims);
  for (let row = 0; row < count * n; row++) out[row * dims + first + Math.floor(row / n)] = 1;
  return tf.tensor2d(out, [count * n, dims]);
}

/** A range of each row's probes, [count][n][dims]. */
function probesOf(
  trace: Extract<DivergenceTrace, { kind: "hutchinson" }>,
  { first, count }: Piece,
  rowIds: Int32Array,
  dims: number,
): Float32Array {
  const perRow = changeColumns(trace), n = rowIds.length;
  const out = new Float32Array(count * n * dims);
  for (let begin = 0, end = 1; begin < n; begin = end++) {
    // Draw all probes of consecutive rows, such as those of a control group, at once.
    while (count === perRow && end < n && rowIds[end] === rowIds[end - 1]! + 1) end++;
    const firstRow = (trace.probes.firstRow + rowIds[begin]!) * perRow + first;
    const drawn = drawProbes({ ...trace.probes, firstRow }, (end - begin) * count, dims);
    for (let row = begin; row < end; row++) {
      for (let probe = 0; probe < count; probe++) {
        const from = ((row - begin) * count + probe) * dims;
        out.set(drawn.subarray(from, from + dims), (probe * n + row) * dims);
      }
    }
  }
  return out;
}

function repeated<T extends Float64Array | Int32Array>(
  values: T,
  count: number,
  Kind: new (length: number) => T,
): T {
  if (count === 1) return values;
  const out = new Kind(count * values.length);
  for (let i = 0; i < count; i++) out.set(values, i * values.length);
  return out;
}

/** Mean over probes and its standard error. */
export interface ProbeEstimate {
  /** [n], mean of each row's columns. */
  readonly mean: Float64Array;
  /**
   * [n], standard deviation over the row's columns divided by the square root of their number:
   * probe error only, without solver error. null with fewer than two probes.
   */
  readonly stdErr: Float64Array | null;
}

/**
 * Mean and standard error over probes for each row.
 *
 * @param changes [n * columns], row-major: the columns of the change of log-density.
 */
export function probeEstimate(changes: Float32Array, columns: number): ProbeEstimate {
  const n = changes.length / columns;
  const mean = new Float64Array(n), stdErr = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const values = changes.subarray(row * columns, (row + 1) * columns);
    const centre = values.reduce((sum, value) => sum + value, 0) / columns;
    const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
    mean[row] = centre;
    stdErr[row] = Math.sqrt(squares / (columns - 1) / columns);
  }
  return { mean, stdErr: columns < 2 ? null : stdErr };
}
