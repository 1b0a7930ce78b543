/**
 * Plots of points, images, densities, trajectories and training curves as PNG. Loads no tensor
 * library.
 *
 * @module
 */
export type { Bounds, CoordinateOptions, PictureOptions } from "./picture.ts";
export { curvesPlot, type TrainingCurves } from "./curves_plot.ts";
export { type DensityOptions, densityPlot, type LogDensityGrid } from "./density_plot.ts";
export {
  type Histogram,
  histogram,
  type HistogramOptions,
  histogramPlot,
} from "./histogram_plot.ts";
export {
  imageGrid,
  type ImageGridOptions,
  type ImageSize,
  pathGrid,
  type PathGridOptions,
} from "./image_grid.ts";
export { labelledGrid, type LabelledGridOptions } from "./labelled_grid.ts";
export type { Panel, PanelAxis, PanelColor, PanelSeries } from "./panels_plot.ts";
export { type PointsOptions as PointsPlotOptions, pointsPlot } from "./points_plot.ts";
export { type ReferenceCloud, type ScatterOptions, scatterPlot } from "./scatter_plot.ts";
export {
  type Paths,
  type SnapshotsOptions,
  snapshotsPlot,
  trajectoryPlot,
} from "./trajectory_plot.ts";
export { type CompactOptions, compactPng } from "./encoding/compact_png.ts";
export { type DecodedPng, decodePng } from "../core/png/decode_png.ts";
export { withText } from "../core/png/encode_png.ts";
export type { PngText } from "../core/png/png_format.ts";
