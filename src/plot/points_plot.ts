import { boundsOfAll } from "./drawing/_plane.ts";
import { histogramPlot } from "./histogram_plot.ts";
import { scatterMatrix } from "./scatter_matrix.ts";
import { scatterPlot, withOutside } from "./scatter_plot.ts";
import type { CoordinateOptions, PictureOptions } from "./picture.ts";

/** Options of {@link pointsPlot}. */
export interface PointsOptions extends PictureOptions, CoordinateOptions {
  /** Dimension of a point. */
  readonly dims: number;
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9; ignored by the histogram. */
  readonly labels?: ArrayLike<number> | null;
  /** A second cloud [m * dims] in the same frame, such as test data beside samples. */
  readonly reference?: {
    /** [m * dims], row-major. */
    readonly points: ArrayLike<number>;
    /** Its name. */
    readonly label: string;
    /** Two dimensions only: a second panel, the default, or grey behind the points. */
    readonly place?: "behind" | "beside";
  };
  /** Points [k * dims] whose range the axes show; default all that are drawn. */
  readonly frame?: ArrayLike<number>;
}

/**
 * Plots points of any dimension: a histogram for one, a scatter plot for two, a scatter matrix of
 * the first six, or on a phone four, for more.
 *
 * @param points [n * dims], row-major.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or there is not one label per point.
 */
export function pointsPlot(
  points: ArrayLike<number>,
  options: PointsOptions,
): Promise<Uint8Array> {
  const { dims, reference, frame, label = "points", ...rest } = options;
  if (dims === 1) return histogramPlot(points, options);
  if (dims > 2) return scatterMatrix(points, options);
  const bounds = frame === undefined ? undefined : boundsOfAll([frame], options);
  const labelOf = (words: string, cloud: ArrayLike<number>) =>
    bounds === undefined ? words : withOutside(words, cloud, bounds);
  return scatterPlot(points, {
    ...rest,
    label: labelOf(label, points),
    ...(bounds === undefined ? {} : { bounds }),
    ...(reference === undefined ? {} : {
      reference: {
        place: "beside",
        ...reference,
        label: labelOf(reference.label, reference.points),
      },
    }),
  });
}
