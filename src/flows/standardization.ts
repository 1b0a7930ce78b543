/**
 * Location and scale of each column of a table, used to standardise its points:
 * z = (x - center) / scale. The model sees z, the user sees x.
 */
export interface Standardization {
  /** `zscore`: mean and standard deviation; `robust`: median and interquartile range. */
  readonly kind: StandardizationKind;
  /** One number per column, in the data's units. */
  readonly center: readonly number[];
  /** One positive number per column, in the data's units. */
  readonly scale: readonly number[];
}

/** How centers and scales are computed. */
export type StandardizationKind = "zscore" | "robust";

/** Points, row-major; float64 if standardised, else float32. */
export type PointValues = Float32Array | Float64Array;

/**
 * Converts points from the data's units to model units.
 *
 * The center is subtracted in float64: in float32, 500 timestamps of one recent year collapse to
 * one value.
 *
 * @param standardization null or undefined: the model was trained on raw values.
 * @param points [n * d].
 * @returns [n * d]; `points` itself if no conversion is needed.
 */
export function toModel(
  standardization: Standardization | null | undefined,
  points: PointValues,
): Float32Array {
  if (!standardization) {
    return points instanceof Float32Array ? points : Float32Array.from(points);
  }
  const { center, scale } = standardization;
  const dims = center.length;
  const z = new Float32Array(points.length);
  for (let i = 0; i < z.length; i++) z[i] = (points[i]! - center[i % dims]!) / scale[i % dims]!;
  return z;
}

/**
 * Converts points from model units to the data's units: the inverse of {@link toModel}.
 *
 * @param z [n * d].
 * @returns [n * d], in float64; `z` itself if no conversion is needed.
 */
export function toData(
  standardization: Standardization | null | undefined,
  z: Float32Array,
): PointValues {
  if (!standardization) return z;
  const { center, scale } = standardization;
  const dims = center.length;
  const points = new Float64Array(z.length);
  for (let i = 0; i < z.length; i++) points[i] = center[i % dims]! + scale[i % dims]! * z[i]!;
  return points;
}

/**
 * Sum of log(scale) over columns, in nats: by the change of variables
 * log p(x) = log p(z) - logScaleSum. 0 without standardisation.
 */
export function logScaleSum(standardization: Standardization | null | undefined): number {
  return standardization?.scale.reduce((sum, scale) => sum + Math.log(scale), 0) ?? 0;
}

/** Relative spacing of float32 values. */
const FLOAT32_STEP = 2 ** -23;

/** Acceptable rounding error as a fraction of a column's scale. */
const NEGLIGIBLE = 1e-4;

/**
 * Whether float32 is precise enough for points in the data's units: its spacing near each column's
 * center is at most a ten-thousandth of the column's scale.
 */
export function fitsFloat32(standardization: Standardization | null | undefined): boolean {
  if (!standardization) return true;
  const { center, scale } = standardization;
  return center.every((middle, i) => Math.abs(middle) * FLOAT32_STEP <= NEGLIGIBLE * scale[i]!);
}

/**
 * Decimal places for each column: a resolution of 1e-8 of its scale, as fine as float32 is around
 * z = 1.
 */
export function decimalsOf({ scale }: Standardization): number[] {
  return scale.map((value) => Math.min(100, Math.max(0, 8 - Math.floor(Math.log10(value)))));
}
