import {
  type ColumnKind,
  coordinateCount,
  coordinatesOf,
  isDiscrete,
  whyImpossible,
} from "../data/tables/kinds/column_kind.ts";
import { isImageNetwork, type Network } from "../nn/network.ts";
import { fillUniform, type RandomKey } from "../core/random/random.ts";
import { logVolume, valueAt, writeCoordinates } from "./column_transform.ts";
import {
  logDeterminant,
  multiplyLower,
  solveLower,
  type TriangularFactor,
} from "../core/numbers/triangular.ts";

/**
 * The map between a table's units and the model's. Each column becomes one coordinate or more
 * (`columns`), each coordinate is standardised, z = (y - center) / scale, and `whiten` also removes
 * the correlations: L^-1 z. The model sees the result, the user sees x.
 */
export interface Standardization {
  /**
   * `zscore`: mean and standard deviation; `robust`: median and interquartile range; `whiten`:
   * z-scores without their correlations.
   */
  readonly kind: StandardizationKind | "none";
  /** One number per coordinate, in the column's units. */
  readonly center: readonly number[];
  /** One positive number per coordinate, in the column's units. */
  readonly scale: readonly number[];
  /** What each column of the table is; absent: all are real and their own coordinates. */
  readonly columns?: readonly ColumnKind[];
  /** `whiten`: Cholesky factor L of the shrunk covariance of z; absent: the model sees z. */
  readonly factor?: TriangularFactor;
}

/** How centers and scales are computed. */
export type StandardizationKind = "zscore" | "robust" | "whiten";

/** Points, row-major; float64 if standardised, else float32. */
export type PointValues = Float32Array | Float64Array;

/** Dequantisation noise of rows: row i's is a function of (key, firstRow + i). */
export interface CellNoise {
  /** The draws. */
  readonly key: RandomKey;
  /** Index of the first row; default 0. */
  readonly firstRow?: number;
}

/** The rows of a model: its network's, and how those of a table become them. */
export interface ModelRows {
  /** The velocity network. */
  readonly network: Network;
  /** The map of a table's units; null for images and raw points. */
  readonly standardization: Standardization | null;
}

/** Numbers per row of a model's points or images in the data's units. */
export function dataWidth({ network, standardization }: ModelRows): number {
  return standardization?.columns?.length ?? network.rowWidth;
}

/**
 * Whether a model's rows are points of the plane with a density: two columns, both real or log.
 * Only then are there pictures of a density, and its mass.
 */
export function isPlane(model: ModelRows): boolean {
  return !isImageNetwork(model.network) && dataWidth(model) === 2 &&
    !(model.standardization?.columns ?? []).some(isDiscrete);
}

/**
 * Converts points from the data's units to model units.
 *
 * The center is subtracted in float64: in float32, 500 timestamps of one recent year collapse to
 * one value. Impossible values, such as 0 in a log column, become the column's center.
 *
 * @param standardization null or undefined: the model was trained on raw values.
 * @param points [n * columns].
 * @param noise Dequantisation noise of discrete columns; by default values become the middles of
 *   their cells.
 * @returns [n * d]; `points` itself if no conversion is needed.
 */
export function toModel(
  standardization: Standardization | null | undefined,
  points: PointValues,
  noise?: CellNoise,
): Float32Array {
  if (!standardization) {
    return points instanceof Float32Array ? points : Float32Array.from(points);
  }
  const { center, scale, columns, factor } = standardization;
  const dims = center.length;
  const y = columns === undefined ? points : coordinates(standardization, columns, points, noise);
  const z = new Float64Array(y.length);
  for (let i = 0; i < z.length; i++) z[i] = (y[i]! - center[i % dims]!) / scale[i % dims]!;
  if (factor !== undefined) solveLower(factor, z);
  return new Float32Array(z);
}

/** Coordinates of rows before they are standardised, [n * d]. */
function coordinates(
  { center }: Standardization,
  columns: readonly ColumnKind[],
  points: PointValues,
  noise: CellNoise | undefined,
): Float64Array {
  const dims = center.length, rows = points.length / columns.length;
  const out = new Float64Array(rows * dims);
  const uniform = noise === undefined
    ? null
    : fillUniform(noise.key, (noise.firstRow ?? 0) * dims, new Float32Array(out.length));
  const target = (at: number) => ({ out, at, noise: (i: number) => uniform?.[i] ?? 0.5 });
  for (let row = 0, at = 0; row < rows; row++) {
    columns.forEach((kind, column) => {
      const value = points[row * columns.length + column]!;
      const count = coordinatesOf(kind);
      if (whyImpossible(kind, value) === null) writeCoordinates(kind, value, target(at));
      else for (let k = 0; k < count; k++) out[at + k] = center[(at + k) % dims]!;
      at += count;
    });
  }
  return out;
}

/**
 * Converts points from model units to the data's units: the inverse of {@link toModel}. Discrete
 * columns get the value whose cell holds the point, or the nearest one.
 *
 * @param z [n * d].
 * @returns [n * columns], in float64; `z` itself if no conversion is needed.
 */
export function toData(
  standardization: Standardization | null | undefined,
  z: Float32Array,
): PointValues {
  if (!standardization) return z;
  const { center, scale, columns, factor } = standardization;
  const dims = center.length;
  const y = new Float64Array(z);
  if (factor !== undefined) multiplyLower(factor, y);
  for (let i = 0; i < y.length; i++) y[i] = center[i % dims]! + scale[i % dims]! * y[i]!;
  if (columns === undefined) return y;
  const rows = y.length / dims;
  const points = new Float64Array(rows * columns.length);
  for (let row = 0, at = 0; row < rows; row++) {
    columns.forEach((kind, column) => {
      points[row * columns.length + column] = valueAt(kind, y, at);
      at += coordinatesOf(kind);
    });
  }
  return points;
}

/**
 * Sum of log(scale) over coordinates, and log |det L| where they are whitened, in nats: by the change
 * of variables log p(y) = log p(model's coordinates) - logScaleSum. 0 without standardisation.
 */
export function logScaleSum(standardization: Standardization | null | undefined): number {
  if (!standardization) return 0;
  const { scale, factor = [] } = standardization;
  return scale.reduce((sum, value) => sum + Math.log(value), 0) + logDeterminant(factor);
}

/**
 * What the columns' transforms add to the log-likelihood of each row, in nats:
 * log p(x) = log p(z) - logScaleSum + logVolumes. -log x of log columns, log(step) of dequantised
 * ones; minus infinity for a row with an impossible value.
 *
 * The result is a density over real and log columns and a probability over discrete ones; with
 * discrete columns it is an unbiased one-draw estimate of the uniform-dequantisation lower bound.
 *
 * @param points [n * columns], in the data's units.
 * @returns [n]; null if all columns are real.
 */
export function logVolumes(
  standardization: Standardization | null | undefined,
  points: PointValues,
): Float64Array | null {
  const columns = standardization?.columns;
  if (columns === undefined) return null;
  return Float64Array.from({ length: points.length / columns.length }, (_, row) => {
    let sum = 0;
    columns.forEach((kind, column) => {
      const value = points[row * columns.length + column]!;
      sum += whyImpossible(kind, value) === null ? logVolume(kind, value) : -Infinity;
    });
    return sum;
  });
}

/**
 * What the log-likelihood of a table with discrete columns is, for people; null without any, where
 * it is a density over all columns in the data's units.
 */
export function likelihoodConvention(
  standardization: Standardization | null | undefined,
): string | null {
  const columns = standardization?.columns ?? [];
  const discrete = columns.filter(isDiscrete).length, others = columns.length - discrete;
  if (discrete === 0) return null;
  const hasCategories = columns.some(({ kind }) => kind === "categorical");
  return `log-probability of ${discrete} discrete column${discrete === 1 ? "" : "s"}` +
    (others === 0 ? "" : ` and log-density of the other${others === 1 ? "" : ` ${others}`}`) +
    "; by uniform dequantisation, one draw per row: in the mean a lower bound" +
    (hasCategories
      ? " (of categories not a tight one: their cells leave out a part of the model's mass)"
      : "");
}

/**
 * Why a row has likelihood 0 whatever the weights, or null if its values are possible.
 *
 * @param row [columns], in the data's units.
 */
export function whyImpossibleRow(
  standardization: Standardization | null | undefined,
  row: PointValues,
): string | null {
  for (const [column, kind] of (standardization?.columns ?? []).entries()) {
    const reason = whyImpossible(kind, row[column]!);
    if (reason !== null) return `column ${column + 1}: ${reason}`;
  }
  return null;
}

/** The map of one column alone, counted from 0. */
export function ofColumn(
  { kind, center, scale, columns }: Standardization,
  column: number,
): Standardization {
  if (columns === undefined) return { kind, center: [center[column]!], scale: [scale[column]!] };
  const first = coordinateCount(columns.slice(0, column));
  const end = first + coordinatesOf(columns[column]!);
  return {
    kind,
    center: center.slice(first, end),
    scale: scale.slice(first, end),
    columns: [columns[column]!],
  };
}

/** Relative spacing of float32 values. */
const FLOAT32_STEP = 2 ** -23;

/** Acceptable rounding error as a fraction of a column's scale. */
const NEGLIGIBLE = 1e-4;

/** Scales from the center within which values of a log column should be in float32's range. */
const WITHIN = 8;

/**
 * Whether float32 is precise enough for points in the data's units: its spacing near each column's
 * center is at most a ten-thousandth of the column's scale, or step, and values of a log column are
 * within its range.
 */
export function fitsFloat32(standardization: Standardization | null | undefined): boolean {
  if (!standardization) return true;
  return columnScales(standardization).every(({ kind, center, scale }) => {
    switch (kind.kind) {
      case "real":
        return Math.abs(center) * FLOAT32_STEP <= NEGLIGIBLE * scale;
      case "log":
        return FLOAT32_STEP <= NEGLIGIBLE * scale && Math.abs(center) + WITHIN * scale < 87;
      case "dequantized":
        return (Math.abs(center) + WITHIN * scale) * FLOAT32_STEP <= NEGLIGIBLE * kind.step;
      case "categorical":
        return true;
      default:
        return kind satisfies never;
    }
  });
}

/**
 * Decimal places for each column: a resolution of 1e-8 of its scale, as fine as float32 is around
 * z = 1; null for a log column, which needs as many significant digits wherever it is.
 */
export function decimalsOf(standardization: Standardization): (number | null)[] {
  return columnScales(standardization).map(({ kind, scale }) => {
    switch (kind.kind) {
      case "real":
        return decimalsFor(scale);
      case "log":
        return null;
      case "dequantized":
        return Math.max(decimalsIn(kind.step), decimalsIn(kind.origin));
      case "categorical":
        return 0;
      default:
        return kind satisfies never;
    }
  });
}

/** Per column the texts of its categories; null for columns of numbers. */
export function categoriesOf(
  standardization: Standardization | null,
): readonly (readonly string[] | null)[] {
  return (standardization?.columns ?? []).map((kind) =>
    kind.kind === "categorical" ? kind.categories : null
  );
}

function decimalsFor(scale: number): number {
  return Math.min(100, Math.max(0, 8 - Math.floor(Math.log10(scale))));
}

/** Decimal places of a number of at most 15 digits. */
function decimalsIn(value: number): number {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e(.+))?$/.exec(String(value))!;
  return Math.min(100, Math.max(0, fraction.length - Number(exponent)));
}

/** The columns with the center and scale of their first coordinate. */
function columnScales(
  standardization: Standardization,
): readonly { readonly kind: ColumnKind; readonly center: number; readonly scale: number }[] {
  const { center, columns } = standardization;
  const kinds = columns ?? center.map((): ColumnKind => ({ kind: "real" }));
  return kinds.map((kind, column) => {
    const own = ofColumn(standardization, column);
    return { kind, center: own.center[0]!, scale: own.scale[0]! };
  });
}
