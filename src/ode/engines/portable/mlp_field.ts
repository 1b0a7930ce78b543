import * as tf from "../../../core/tfjs/library.ts";
import type { MlpShape } from "../../../ops/mlp_field/contract.ts";
import {
  type Directions,
  evaluateMlp,
  linearizeMlp,
  type MlpValue,
  mlpWeights,
} from "../../../ops/mlp_field/portable.ts";
import { piecesOf } from "../../../ops/pieces.ts";
import { embeddingRows } from "../../../ops/mlp_field/time_embedding.ts";
import { energyColumns, energyParts } from "../../energies.ts";
import { drawProbes } from "../../probes.ts";
import type { FieldSpec } from "../engine.ts";
import type { DifferentiableField } from "../../field.ts";
import type { HostRows } from "./host_rows.ts";
import type { StatePart } from "../../solver/rows.ts";

/**
 * The ConditionalMLP kernel as a field over the state (z) or (z, logp), with
 * dz/dt = f and dlogp/dt = -div f, over tensors and over host rows; with energies over
 * (z, logp, kinetic, jacobian), see energies.ts.
 *
 * Nothing depends on the parts after z, so their cotangents are constant along the trajectory.
 */

type MlpSpec = Extract<FieldSpec, { kind: "mlp" }>;

/** A field that owns tensors. */
export interface DisposableField<Rows> extends DifferentiableField<Rows, tf.Tensor1D> {
  dispose(): void;
}

/**
 * Largest number of floats per linearization: about a thousand rows of the default network. Measured
 * on the wasm backend: larger blocks exceed the caches (transposes then take five times as long per
 * row), smaller ones pay the overhead of each operation more often.
 */
const LINEARIZATION_FLOATS = 1.5e6;

function partsOf(spec: MlpSpec): readonly StatePart[] {
  const z = { name: "z", width: spec.dims };
  if (spec.trace === null) return [z];
  return [z, { name: "logp", width: 1 }, ...(spec.trace.energies ? energyParts : [])];
}

function directionCount({ trace, dims }: MlpSpec): number {
  return trace === null ? 0 : trace.kind === "exact" ? dims : 1;
}

/** Largest number of floats per evaluation, a quarter of tfjs's memory; more rows are split. */
const EVALUATION_FLOATS = 2 ** 27;

function rowsPerEvaluation(spec: MlpSpec): number {
  const directions = directionCount(spec);
  const floats = spec.hidden * (24 + 9 * directions) + 3 * spec.dims * directions;
  return Math.max(1, Math.floor(EVALUATION_FLOATS / floats));
}

function rowsPerLinearization(spec: MlpSpec): number {
  const floats = spec.hidden * (9 + 6 * directionCount(spec));
  const rows = Math.max(1, Math.floor(LINEARIZATION_FLOATS / floats));
  return Math.min(rows, rowsPerEvaluation(spec));
}

/** [n, hidden] on the device, computed in float64 on the host. */
function embeddingTensor(t: Float64Array, { hidden }: MlpShape): tf.Tensor2D {
  return tf.tensor2d(embeddingRows(t, hidden, new Float32Array(t.length * hidden)), [
    t.length,
    hidden,
  ]);
}

/** The rows of a problem and the size of their batches. */
export interface FieldRows {
  /** Number of rows of the whole problem, for which probes are drawn. */
  readonly rows: number;
  /** Rows per evaluation; no result depends on it. Default: as many as fit into memory. */
  readonly evaluationRows?: number;
}

/** The probes of all rows of a problem, [rows * dims]; null without Hutchinson's estimator. */
function allProbes({ trace, dims }: MlpSpec, rows: number): Float32Array | null {
  return trace?.kind === "hutchinson" ? drawProbes(trace.probes, rows, dims) : null;
}

/** The probes of the rows `rowIds`, [n * dims]. */
function probesOf(all: Float32Array, rowIds: Int32Array, dims: number): Float32Array {
  const out = new Float32Array(rowIds.length * dims);
  rowIds.forEach((id, row) => {
    for (let column = 0; column < dims; column++) {
      out[row * dims + column] = all[id * dims + column]!;
    }
  });
  return out;
}

/** The directions of the trace for some rows, from the probes of all. Call within a tidy. */
function directionsOf(
  { trace, dims }: MlpSpec,
  all: Float32Array | null,
  rowIds: Int32Array,
): Directions {
  if (trace === null) return null;
  if (all === null) return { kind: "unit" };
  return {
    kind: "probes",
    probes: tf.tensor2d(probesOf(all, rowIds, dims), [rowIds.length, dims]),
  };
}

/** Sum over the directions of e.(J e), [n, 1]. Call within a tidy. */
function divergence(
  directions: Exclude<Directions, null>,
  tangents: tf.Tensor2D,
  dims: number,
): tf.Tensor2D {
  if (directions.kind === "probes") {
    return tf.sum(tf.mul(tangents, directions.probes), 1, true);
  }
  const columns = tf.reshape(tangents, [dims, -1, dims]);
  const diagonal = tf.mul(columns, tf.reshape(tf.eye(dims), [dims, 1, dims]));
  return tf.expandDims(tf.sum(tf.sum(diagonal, 2), 0), 1);
}

/** Sum of squares of each row, over all blocks of n rows: [n, 1]. Call within a tidy. */
function rowSquares(rows: tf.Tensor2D, n: number): tf.Tensor2D {
  const blocks = tf.reshape(tf.square(rows), [-1, n, rows.shape[1]]);
  return tf.expandDims(tf.sum(tf.sum(blocks, 2), 0), 1);
}

/** Disposes tensors after `use`, also if it throws. */
function disposing<T>(tensors: tf.Tensor[], use: () => T): T {
  try {
    return use();
  } finally {
    tf.dispose(tensors);
  }
}

/** The field over tensors, [n, width of the parts]. Dispose it after the solve. */
export function mlpTensorField(
  spec: MlpSpec,
  { rows, evaluationRows = rowsPerEvaluation(spec) }: FieldRows,
): DisposableField<tf.Tensor2D> {
  const { dims, trace } = spec;
  const weights = mlpWeights(spec, spec.parameters.tensors);
  const probes = allProbes(spec, rows);
  const position = (y: tf.Tensor2D) => trace === null ? y : tf.slice(y, [0, 0], [-1, dims]);
  const hasEnergies = trace?.energies === true;
  const slope = (directions: Directions, { velocity, tangents }: MlpValue): tf.Tensor2D => {
    if (directions === null) return tf.clone(velocity);
    const parts = [velocity, tf.neg<tf.Tensor2D>(divergence(directions, tangents!, dims))];
    const n = velocity.shape[0];
    if (hasEnergies) parts.push(rowSquares(velocity, n), rowSquares(tangents!, n));
    return tf.concat(parts, 1);
  };
  const columnOf = (cotangent: tf.Tensor2D, column: number) =>
    tf.slice(cotangent, [0, column], [-1, 1]);
  /** The cotangent of f, through z and the kinetic energy. Call within a tidy. */
  const ofVelocity = (cotangent: tf.Tensor2D, velocity: tf.Tensor2D): tf.Tensor2D =>
    hasEnergies
      ? tf.add(position(cotangent), tf.mul(tf.mul(velocity, 2), columnOf(cotangent, dims + 1)))
      : position(cotangent);
  return {
    parts: partsOf(spec),
    parameterCount: spec.parameters.layout.size,
    linearizationRows: rowsPerLinearization(spec),
    evaluate(t, y, rowIds) {
      const at = (t: Float64Array, y: tf.Tensor2D, rowIds: Int32Array) =>
        tf.tidy(() => {
          const directions = directionsOf(spec, probes, rowIds);
          const input = { x: position(y), embedding: embeddingTensor(t, spec) };
          return slope(directions, evaluateMlp(weights, input, directions));
        });
      const pieces = piecesOf(t.length, evaluationRows);
      if (pieces.length === 1) return at(t, y, rowIds);
      return tf.tidy(() =>
        tf.concat2d(
          pieces.map(({ first, count }) => {
            const end = first + count;
            const rows = tf.slice2d(y, [first, 0], [count, -1]);
            return at(t.subarray(first, end), rows, rowIds.subarray(first, end));
          }),
          0,
        )
      );
    },
    linearize({ t, y, rowIds, gradient }) {
      const input = tf.tidy(() => ({
        x: tf.clone(position(y)),
        embedding: embeddingTensor(t, spec),
      }));
      const directions = directionsOf(spec, probes, rowIds);
      const near = disposing(
        [input.x, input.embedding],
        () => linearizeMlp(weights, input, directions, { squares: hasEnergies }),
      );
      const cotangents: { first: number; cotangent: tf.Tensor2D }[] = [];
      return {
        value: () => tf.tidy(() => slope(directions, near.value)),
        pullBack(first, cotangent) {
          if (gradient !== null) cotangents.push({ first, cotangent: tf.clone(cotangent) });
          return tf.tidy(() => {
            const m = cotangent.shape[0];
            const rowsOf = (all: tf.Tensor2D) => tf.slice(all, [first, 0], [m, dims]);
            const throughVelocity = near.pullBackVelocity(
              first,
              ofVelocity(cotangent, rowsOf(near.value.velocity)),
            );
            if (trace === null) return throughVelocity;
            const ofDivergence = rowsOf(near.divergenceGradient!);
            let ofZ = tf.sub(throughVelocity, tf.mul(ofDivergence, columnOf(cotangent, dims)));
            if (hasEnergies) {
              const ofSquares = rowsOf(near.squaresGradient!);
              ofZ = tf.add(ofZ, tf.mul(ofSquares, columnOf(cotangent, dims + 2)));
            }
            const rest = cotangent.shape[1] - dims;
            return tf.concat([ofZ, tf.zeros([m, rest])], 1) as tf.Tensor2D;
          });
        },
        close() {
          if (gradient !== null && cotangents.length > 0) {
            gradient.add(tf.tidy(() => {
              cotangents.sort((one, other) => one.first - other.first);
              const all = tf.concat(cotangents.map(({ cotangent }) => cotangent), 0);
              return near.parameterGradient(
                ofVelocity(all, near.value.velocity),
                trace === null ? null : tf.neg(columnOf(all, dims)),
                hasEnergies ? columnOf(all, dims + 2) : null,
              );
            }));
          }
          near.dispose();
          tf.dispose(cotangents.map(({ cotangent }) => cotangent));
          if (directions?.kind === "probes") directions.probes.dispose();
        },
      };
    },
    dispose: () => weights.dispose(),
  };
}

/** Uploads the first `width` columns of host rows in float32. */
function upload(rows: HostRows, width: number): tf.Tensor2D {
  const out = new Float32Array(rows.count * width);
  for (let row = 0, o = 0; row < rows.count; row++) {
    for (let column = 0; column < width; column++) {
      out[o++] = rows.data[row * rows.width + column]!;
    }
  }
  return tf.tensor2d(out, [rows.count, width]);
}

/**
 * The field over float64 rows on the host, for backends with synchronous read-back. The kernel
 * computes in float32. Dispose it after the solve.
 */
export function mlpHostField(
  spec: MlpSpec,
  { rows, evaluationRows = rowsPerEvaluation(spec) }: FieldRows,
): DisposableField<HostRows> {
  const { dims, trace } = spec;
  const weights = mlpWeights(spec, spec.parameters.tensors);
  const hasEnergies = trace?.energies === true;
  const width = trace === null ? dims : dims + 1 + energyColumns(trace);
  const probes = allProbes(spec, rows);

  /** Adds |f|^2 and the directions' |J e|^2 to the last columns of the slopes. */
  const addEnergies = (
    data: Float64Array,
    velocity: ArrayLike<number>,
    tangents: ArrayLike<number>,
  ) => {
    const count = velocity.length / dims;
    for (let i = 0; i < velocity.length; i++) {
      data[Math.floor(i / dims) * width + dims + 1]! += velocity[i]! ** 2;
    }
    for (let i = 0; i < tangents.length; i++) {
      data[(Math.floor(i / dims) % count) * width + dims + 2]! += tangents[i]! ** 2;
    }
  };

  /** Slopes of the state from the kernel's f and J e. */
  const slopes = (value: MlpValue, rowIds: Int32Array): HostRows => {
    const count = rowIds.length;
    const velocity = value.velocity.dataSync<"float32">();
    const data = new Float64Array(count * width);
    for (let row = 0, i = 0; row < count; row++) {
      for (let column = 0; column < dims; column++) data[row * width + column] = velocity[i++]!;
    }
    if (trace !== null) {
      const tangents = value.tangents!.dataSync<"float32">();
      for (let row = 0; row < count; row++) {
        let sum = 0;
        for (let d = 0; d < dims; d++) {
          sum += probes === null
            ? tangents[(d * count + row) * dims + d]!
            : tangents[row * dims + d]! * probes[rowIds[row]! * dims + d]!;
        }
        data[row * width + dims] = -sum;
      }
      if (hasEnergies) addEnergies(data, velocity, tangents);
    }
    return { data, count, width };
  };

  const evaluate = (t: Float64Array, y: HostRows, rowIds: Int32Array): HostRows => {
    let result: HostRows;
    tf.tidy(() => {
      const input = { x: upload(y, dims), embedding: embeddingTensor(t, spec) };
      result = slopes(evaluateMlp(weights, input, directionsOf(spec, probes, rowIds)), rowIds);
    });
    return result!;
  };

  return {
    parts: partsOf(spec),
    parameterCount: spec.parameters.layout.size,
    linearizationRows: rowsPerLinearization(spec),
    evaluate: (t, y, rowIds) => {
      const pieces = piecesOf(y.count, evaluationRows);
      if (pieces.length === 1) return evaluate(t, y, rowIds);
      const data = new Float64Array(y.count * width);
      for (const { first, count } of pieces) {
        const end = first + count;
        const part = { data: y.data.subarray(first * width, end * width), count, width };
        const value = evaluate(t.subarray(first, end), part, rowIds.subarray(first, end));
        data.set(value.data, first * width);
      }
      return { data, count: y.count, width };
    },
    linearize({ t, y, rowIds, gradient }) {
      const n = y.count;
      const input = tf.tidy(() => ({ x: upload(y, dims), embedding: embeddingTensor(t, spec) }));
      const directions = directionsOf(spec, probes, rowIds);
      const near = disposing(
        [input.x, input.embedding, ...(directions?.kind === "probes" ? [directions.probes] : [])],
        () => linearizeMlp(weights, input, directions, { squares: hasEnergies }),
      );
      // With all unit vectors as directions the whole Jacobian is available: the VJP takes a few
      // multiplications per row and needs no kernel call between stages.
      const jacobian = trace?.kind === "exact" ? near.value.tangents!.dataSync<"float32">() : null;
      const ofDivergence = near.divergenceGradient?.dataSync<"float32">() ?? null;
      const ofSquares = near.squaresGradient?.dataSync<"float32">() ?? null;
      const velocity = hasEnergies ? near.value.velocity.dataSync<"float32">() : null;
      const velocityCotangents = new Float32Array(n * dims);
      const divergenceCotangents = new Float32Array(n);
      const squaresCotangents = new Float32Array(n);

      /** The cotangent of f, through z and the kinetic energy; other columns are as they were. */
      const ofVelocity = (first: number, cotangent: HostRows): HostRows => {
        if (velocity === null) return cotangent;
        const data = cotangent.data.slice();
        for (let row = 0; row < cotangent.count; row++) {
          const ofKinetic = data[row * width + dims + 1]!;
          for (let d = 0; d < dims; d++) {
            data[row * width + d]! += 2 * ofKinetic * velocity[(first + row) * dims + d]!;
          }
        }
        return { ...cotangent, data };
      };

      const throughVelocity = (first: number, cotangent: HostRows): Float32Array => {
        const m = cotangent.count;
        if (jacobian === null) {
          const uploaded = upload(cotangent, dims);
          const pulled = near.pullBackVelocity(first, uploaded);
          const out = pulled.dataSync<"float32">() as Float32Array;
          tf.dispose([uploaded, pulled]);
          return out;
        }
        const out = new Float32Array(m * dims);
        for (let row = 0; row < m; row++) {
          for (let d = 0; d < dims; d++) {
            const column = (d * n + first + row) * dims;
            let sum = 0;
            for (let c = 0; c < dims; c++) {
              sum += cotangent.data[row * width + c]! * jacobian[column + c]!;
            }
            out[row * dims + d] = sum;
          }
        }
        return out;
      };

      return {
        value: () => slopes(near.value, rowIds),
        pullBack(first, cotangent) {
          const m = cotangent.count;
          const ofF = ofVelocity(first, cotangent);
          const ofZ = throughVelocity(first, ofF);
          const data = new Float64Array(m * width);
          for (let row = 0; row < m; row++) {
            const ofLogp = trace === null ? 0 : cotangent.data[row * width + dims]!;
            divergenceCotangents[first + row] = -ofLogp;
            const ofSquare = ofSquares === null ? 0 : cotangent.data[row * width + dims + 2]!;
            squaresCotangents[first + row] = ofSquare;
            for (let d = 0; d < dims; d++) {
              const i = row * width + d, at = (first + row) * dims + d;
              velocityCotangents[at] = ofF.data[i]!;
              data[i] = ofZ[row * dims + d]! -
                (ofDivergence === null ? 0 : ofLogp * ofDivergence[at]!) +
                (ofSquares === null ? 0 : ofSquare * ofSquares[at]!);
            }
          }
          return { data, count: m, width };
        },
        close() {
          if (gradient !== null) {
            gradient.add(tf.tidy(() =>
              near.parameterGradient(
                tf.tensor2d(velocityCotangents, [n, dims]),
                trace === null ? null : tf.tensor2d(divergenceCotangents, [n, 1]),
                hasEnergies ? tf.tensor2d(squaresCotangents, [n, 1]) : null,
              )
            ));
          }
          near.dispose();
        },
      };
    },
    dispose: () => weights.dispose(),
  };
}
