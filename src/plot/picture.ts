import type { PngText } from "./encoding/png.ts";

/** What every picture may be given. */
export interface PictureOptions {
  /** One line above the chart. */
  readonly title?: string;
  /** A quieter line under it. */
  readonly subtitle?: string;
  /** Texts inside the PNG file, such as the command that drew it. */
  readonly text?: PngText;
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
