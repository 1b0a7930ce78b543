import { histogramPlot } from "./histogram_plot.ts";
import { scatterMatrix } from "./scatter_matrix.ts";
import { scatterPlot } from "./scatter_plot.ts";
import type { PictureOptions } from "./picture.ts";

/** Options of {@link pointsPlot}. */
export interface PointsOptions extends PictureOptions {
  /** Dimension of a point. */
  readonly dims: number;
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9; ignored by the histogram. */
  readonly labels?: ArrayLike<number> | null;
}

/**
 * Plots points of any dimension: a histogram for one, a scatter plot for two, a scatter matrix of
 * the first four for more.
 *
 * @param points [n * dims], row-major.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or there is not one label per point.
 */
export function pointsPlot(
  points: ArrayLike<number>,
  options: PointsOptions,
): Promise<Uint8Array> {
  if (options.dims === 1) return histogramPlot(points, options);
  return options.dims === 2 ? scatterPlot(points, options) : scatterMatrix(points, options);
}
