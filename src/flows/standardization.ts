/**
 * The scale of each column of a table, with which its points are standardised:
 * z = (x - center) / scale. A model sees z; people see x.
 */
export interface Standardization {
  /** `zscore`: mean and standard deviation; `robust`: median and interquartile range. */
  readonly kind: StandardizationKind;
  /** One number per column, in the data's units. */
  readonly center: readonly number[];
  /** One number above 0 a column, in the data's units. */
  readonly scale: readonly number[];
}

/** How centers and scales are found. */
export type StandardizationKind = "zscore" | "robust";

/** Points, row-major: float64 where they have units of their own, else float32. */
export type PointValues = Float32Array | Float64Array;

/**
 * Points in the data's units as a model takes them.
 *
 * The center is subtracted in float64: of 500 timestamps of this year float32 keeps one.
 *
 * @param standardization null or undefined: the model was trained on the numbers themselves.
 * @param points [n * d].
 * @returns [n * d]; `points` itself where there is nothing to do.
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
 * What a model gives in the data's units: the reverse of {@link toModel}.
 *
 * @param z [n * d].
 * @returns [n * d], in float64; `z` itself where there is nothing to do.
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
 * The sum over columns of log(scale), in nats: by the change of variables
 * log p(x) = log p(z) - logScaleSum. 0 without a standardisation.
 */
export function logScaleSum(standardization: Standardization | null | undefined): number {
  return standardization?.scale.reduce((sum, scale) => sum + Math.log(scale), 0) ?? 0;
}

/** A float32's step, relative to its value. */
const FLOAT32_STEP = 2 ** -23;

/** A part of a column's scale that nobody misses. */
const NEGLIGIBLE = 1e-4;

/**
 * Whether points in the data's units may be written as float32: its steps near a column's center
 * are a ten-thousandth of the column's scale or less.
 */
export function fitsFloat32(standardization: Standardization | null | undefined): boolean {
  if (!standardization) return true;
  const { center, scale } = standardization;
  return center.every((middle, i) => Math.abs(middle) * FLOAT32_STEP <= NEGLIGIBLE * scale[i]!);
}

/**
 * Digits after the point with which each column is written: a step of a hundred-millionth of its
 * scale, as fine as float32 is around z = 1.
 */
export function decimalsOf({ scale }: Standardization): number[] {
  return scale.map((value) => Math.min(100, Math.max(0, 8 - Math.floor(Math.log10(value)))));
}
