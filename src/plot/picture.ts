import type { PngText } from "../core/png/png_format.ts";

/** Options common to all plots. */
export interface PictureOptions {
  /** A line above the chart. */
  readonly title?: string;
  /** A less prominent line below the title. */
  readonly subtitle?: string;
  /** Texts to embed in a PNG file, such as the command that drew it. */
  readonly text?: PngText;
  /**
   * `png`: twice the drawing's size, on white; the default. `svg`: without a background, with
   * colours for light and dark pages.
   */
  readonly format?: "png" | "svg";
  /** Width in drawing units (CSS pixels of an SVG), at least 240; by default each plot's own. */
  readonly totalWidth?: number;
}

/** How the coordinates of points are shown. */
export interface CoordinateOptions {
  /** Names of the coordinates on the axes, such as a table's columns; default x₁, x₂ and so on. */
  readonly names?: readonly string[];
  /**
   * For each coordinate that is a category what its values 0, 1, 2 and so on stand for; null for
   * those that are numbers. Default: all are numbers.
   */
  readonly categories?: readonly (readonly string[] | null)[];
  /**
   * `equal`: a unit is equally long on both axes. `own`: each axis has a scale of its own, as for
   * columns of different units. By default equal unless one range is far longer than the other.
   */
  readonly scales?: "equal" | "own";
}

/** A rectangle of the plane, in data units, y upwards. */
export interface Bounds {
  /** Left edge. */
  readonly xMin: number;
  /** Right edge. */
  readonly xMax: number;
  /** Lower edge. */
  readonly yMin: number;
  /** Upper edge. */
  readonly yMax: number;
}
