import { histogramPlot } from "./histogram_plot.ts";
import { scatterMatrix } from "./scatter_matrix.ts";
import { scatterPlot } from "./scatter_plot.ts";
import type { PictureOptions } from "./picture.ts";

/** How {@link pointsPlot} draws. */
export interface PointsOptions extends PictureOptions {
  /** Numbers a point. */
  readonly dims: number;
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9; a histogram does not show them. */
  readonly labels?: ArrayLike<number> | null;
}

/**
 * Points of any dimension: a histogram for one, a scatter plot for two, pairs of
 * the first four for more.
 *
 * @param points [n * dims], row-major.
 * @returns A PNG file.
 * @throws {RangeError} If a point is not finite, or labels do not fit the points.
 */
export function pointsPlot(
  points: ArrayLike<number>,
  options: PointsOptions,
): Promise<Uint8Array> {
  if (options.dims === 1) return histogramPlot(points, options);
  return options.dims === 2 ? scatterPlot(points, options) : scatterMatrix(points, options);
}
