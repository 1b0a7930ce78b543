import { type ColumnKind, gridValue } from "../data/tables/kinds/column_kind.ts";

/** Range of logarithms whose exponentials are positive and finite in float32. */
const LOG_RANGE = { least: -87, most: 88 } as const;

/** Writes the coordinates of a possible value of a column. */
export interface CoordinatesTarget {
  /** Receives the coordinates, from `at`. */
  readonly out: Float64Array;
  readonly at: number;
  /** Uniform noise in (0, 1), one per coordinate from `at`; 1/2 is the middle of a cell. */
  readonly noise: (index: number) => number;
}

/**
 * The coordinates of a column's value, before they are centred and scaled.
 *
 * Discrete values get uniform noise of one step: v + (u - 1/2) step; of a one-hot vector every
 * coordinate gets noise of width 1, so that the largest one is still the category's.
 * Source of the dequantisation: Theis, van den Oord & Bethge 2016, section 3.1.
 */
export function writeCoordinates(kind: ColumnKind, value: number, target: CoordinatesTarget): void {
  const { out, at, noise } = target;
  switch (kind.kind) {
    case "real":
      out[at] = value;
      return;
    case "log":
      out[at] = Math.log(value);
      return;
    case "dequantized":
      out[at] = gridValue(kind, value) + (noise(at) - 0.5) * kind.step;
      return;
    case "categorical":
      for (let k = 0; k < kind.categories.length; k++) {
        out[at + k] = (k === value ? 1 : 0) + noise(at + k) - 0.5;
      }
      return;
    default:
      kind satisfies never;
  }
}

/** The value of a column at coordinates `y[at]` and following: the inverse of {@link writeCoordinates}. */
export function valueAt(kind: ColumnKind, y: Float64Array, at: number): number {
  switch (kind.kind) {
    case "real":
      return y[at]!;
    case "log":
      // A value outside float32's range could not be read back.
      return Math.exp(Math.min(LOG_RANGE.most, Math.max(LOG_RANGE.least, y[at]!)));
    case "dequantized":
      return gridValue(kind, y[at]!);
    case "categorical": {
      let largest = 0;
      for (let k = 1; k < kind.categories.length; k++) {
        if (y[at + k]! > y[at + largest]!) largest = k;
      }
      return largest;
    }
    default:
      return kind satisfies never;
  }
}

/**
 * What a column adds to the log-likelihood of a row, in nats: the logarithm of dy/dx where it has a
 * density, of the volume of a value's cell in coordinates where it has probabilities.
 *
 *   log:         y = log x, so log p(x) = log p(y) - log x
 *   dequantized: log P(x) >= E_u[log p(x + (u - 1/2) step)] + log(step)
 *   categorical: cells of volume 1, so 0
 *
 * The cells of a grid tile the line. Those of categories, cubes around the corners of a simplex, do
 * not tile the space: mass outside them is no category's. Each lies where its own coordinate is the
 * largest, so the bound holds for the probabilities of samples, which {@link valueAt} makes.
 */
export function logVolume(kind: ColumnKind, value: number): number {
  switch (kind.kind) {
    case "real":
    case "categorical":
      return 0;
    case "log":
      return -Math.log(value);
    case "dequantized":
      return Math.log(kind.step);
    default:
      return kind satisfies never;
  }
}
