import type { Dataset } from "../../data/dataset.ts";
import type { PointValues } from "../../flows/standardization.ts";
import type { DensityGrid } from "../../metrics/density_grid.ts";
import { densityPlot } from "../../plot/density_plot.ts";
import type { CoordinateOptions, PictureOptions } from "../../plot/picture.ts";
import { grouped } from "../pages/format.ts";

/** Options of {@link densityPicture}. */
export interface DensityPictureOptions extends PictureOptions, CoordinateOptions {
  /** The run's data; null if they are missing. */
  readonly dataset: Dataset | null;
  /** Samples [n * 2], drawn over the density if there are no data beside it. */
  readonly samples: PointValues;
}

/**
 * Draws a learnt density and beside it, in the same frame, the true one in the same colours; where
 * that is not known, the test points over the iso-lines of the learnt one.
 *
 * @returns A PNG file.
 */
export async function densityPicture(
  grid: DensityGrid,
  { dataset, samples, ...options }: DensityPictureOptions,
): Promise<Uint8Array> {
  const label = "learnt density";
  if (dataset?.kind !== "points" || dataset.test.count === 0) {
    const shown = { points: samples, label: `${grouped(samples.length / 2)} samples` };
    return await densityPlot(grid, { ...options, label, samples: shown });
  }
  const { density, test } = dataset;
  if (density === null) {
    const words = `${grouped(test.count)} test points over its iso-lines`;
    const beside = { kind: "points", label: words, points: test.points } as const;
    return await densityPlot(grid, { ...options, label, beside });
  }
  const logDensity = density.logDensity(centresOf(grid));
  const beside = { kind: "density", label: "true density", logDensity } as const;
  return await densityPlot(grid, { ...options, label, beside });
}

/** The centres of a grid's cells, [rows * columns * 2]. */
export function centresOf({ bounds, columns, rows }: DensityGrid): Float64Array {
  const dx = (bounds.xMax - bounds.xMin) / columns, dy = (bounds.yMax - bounds.yMin) / rows;
  const points = new Float64Array(2 * columns * rows);
  for (let i = 0; i < columns * rows; i++) {
    points[2 * i] = bounds.xMin + (i % columns + 0.5) * dx;
    points[2 * i + 1] = bounds.yMin + (Math.floor(i / columns) + 0.5) * dy;
  }
  return points;
}
