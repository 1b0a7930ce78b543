// @ts-types="npm:@types/d3-contour@3.0.6"
import { contours } from "d3-contour";
import { linearAxis } from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  BELOW_AXIS,
  clipped,
  colorBar,
  heading,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
  rightOfBar,
} from "./drawing/_chart.ts";
import { accent, classColors, densityColor, densityColorOnDark, ink } from "./drawing/_palette.ts";
import { checkPoints, dots, dotStyle, fitPlane } from "./drawing/_plane.ts";
import { encodePng } from "./encoding/png.ts";
import { rendered } from "./drawing/_render.ts";
import { perScheme } from "./drawing/_scheme.ts";
import { element, pngAddress, polyline, svgDocument } from "./drawing/_svg.ts";
import type { Bounds, PictureOptions } from "./picture.ts";

/** Log-density at the cell centres of a regular grid. */
export interface LogDensityGrid {
  /** Rectangle that the cells cover. */
  readonly bounds: Bounds;
  /** Cells along x. */
  readonly columns: number;
  /** Cells along y. */
  readonly rows: number;
  /** [rows * columns], nats; row-major, the first row at `yMin`. */
  readonly logDensity: ArrayLike<number>;
}

/** Options of {@link densityPlot}. */
export interface DensityOptions extends PictureOptions {
  /** Points [n * 2] drawn over the density. */
  readonly samples?: { readonly points: ArrayLike<number>; readonly label: string };
  /** Data points [m * 2], drawn in another colour under the samples. */
  readonly data?: { readonly points: ArrayLike<number>; readonly label: string };
}

/** Maximum number of points drawn per cloud; further ones are omitted. */
const MAX_DOTS = 2000;

/** Contour lines: each encloses the smallest region with this share of the mass. */
const SHARES = [0.5, 0.75, 0.95];

/**
 * The density levels whose superlevel sets contain the given shares of the mass.
 * Source: Hyndman 1996, Computing and Graphing Highest Density Regions.
 */
export function levelsOf(density: Float64Array, shares: readonly number[]): number[] {
  const falling = Float64Array.from(density).sort().reverse();
  const total = falling.reduce((sum, value) => sum + value, 0);
  return shares.map((share) => {
    let held = 0;
    for (const value of falling) {
      held += value;
      if (held >= share * total) return value;
    }
    return 0;
  });
}

/** The grid as an image: one pixel per cell, first row at the bottom. */
function heatMap(
  grid: LogDensityGrid,
  shares: Float64Array,
  colorOf: (share: number) => string,
): Uint8Array {
  const { columns, rows } = grid;
  const pixels = new Uint8Array(rows * columns * 4);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const color = colorOf(shares[row * columns + column]!);
      const [red, green, blue] = color.match(/\d+/g)!.map(Number);
      pixels.set([red!, green!, blue!, 255], ((rows - 1 - row) * columns + column) * 4);
    }
  }
  return encodePng(pixels, { width: columns, height: rows });
}

/**
 * Plots a density on the plane as a heat map with contours around 50, 75 and 95% of its mass, a
 * colour bar, and optional samples on top.
 *
 * @param grid Log-densities in nats; the plot shows the density.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If the grid has the wrong number of values, one is NaN or infinite, or all
 *   densities are zero.
 */
export function densityPlot(
  grid: LogDensityGrid,
  options: DensityOptions = {},
): Promise<Uint8Array> {
  const { bounds, columns, rows, logDensity } = grid;
  const { samples, data } = options;
  if (logDensity.length !== rows * columns || logDensity.length === 0) {
    throw new RangeError(
      `densityPlot: expected ${rows} x ${columns} log-densities, got ${logDensity.length}`,
    );
  }
  const clouds = [[data, classColors[9]], [samples, accent.orange]] as const;
  for (const [cloud] of clouds) if (cloud) checkPoints(cloud.points, 2);
  const density = Float64Array.from(logDensity, Math.exp);
  const highest = density.reduce((a, b) => Math.max(a, b), 0);
  if (!(highest > 0 && highest < Infinity)) {
    throw new RangeError(`densityPlot: expected a finite positive maximum density, got ${highest}`);
  }

  const isNarrow = (options.totalWidth ?? Infinity) < 480;
  const BAR = 14, TO_BAR = isNarrow ? 10 : 22;
  const barAxisOf = (bottom: number, height: number) =>
    linearAxis(
      "density p(x)",
      [0, highest],
      [bottom, bottom - height],
      Math.max(3, Math.round(height / 60)),
    );
  const margins = marginsOf(options);
  const rightOf = (height: number) => TO_BAR + BAR + rightOfBar(barAxisOf(0, height));
  const guess = fitPlane(bounds, { x: 0, y: 0, width: areaWidth(options, 540, 150) });
  const start = leftOfAxis(guess.y, margins.left);
  const width = areaWidth(options, 540, start + rightOf(guess.area.height));
  const head = heading(options, start);
  const lines = SHARES.map((share) => `${100 * share}`);
  const masses = `${lines.slice(0, -1).join(", ")} and ${lines.at(-1)}% of the mass`;
  const entries: LegendEntry[] = [{
    label: isNarrow ? masses : `iso-lines around ${masses}`,
    mark: "line",
    color: ink.title,
    opacity: 0.6,
  }];
  for (const [cloud, color] of clouds) {
    if (cloud) entries.push({ label: cloud.label, mark: "dot", color });
  }
  const named = legend(entries, { x: start, y: head.height, width });
  const top = head.height + named.height + 6;
  const plane = fitPlane(bounds, { x: start, y: top, width });
  const { area, x, y } = plane;

  const left = x.at(bounds.xMin), right = x.at(bounds.xMax);
  const upper = y.at(bounds.yMax), lower = y.at(bounds.yMin);
  const imageIn = (color: (share: number) => string) =>
    element("image", {
      x: left,
      y: upper,
      width: right - left,
      height: lower - upper,
      preserveAspectRatio: "none",
      "image-rendering": "optimizeQuality",
      href: pngAddress(heatMap(grid, density.map((value) => value / highest), color)),
    });
  const image = options.format === "svg"
    ? perScheme(imageIn(densityColor), imageIn(densityColorOnDark))
    : imageIn(densityColor);
  const rings = contours().size([columns, rows]).thresholds(levelsOf(density, SHARES))(
    Array.from(density),
  );
  const iso = rings.map((ring) =>
    element("path", {
      d: ring.coordinates.flat().map((loop) =>
        polyline(loop.flatMap(([column, row]) => [
          left + column! / columns * (right - left),
          lower + row! / rows * (upper - lower),
        ]))
      ).join(""),
      fill: "none",
      stroke: ink.title,
      "stroke-opacity": 0.6,
      "stroke-width": 0.9,
      "stroke-linejoin": "round",
    })
  );
  const over = clouds.map(([cloud, color]) => {
    if (cloud === undefined) return "";
    const points = Array.from(cloud.points).slice(0, 2 * MAX_DOTS);
    const { radius, opacity } = dotStyle(points.length / 2, area);
    return dots(plane, points, { radius: 0.75 * radius, opacity, color });
  }).join("");
  const bar = { x: area.x + width + TO_BAR, y: area.y, width: BAR, height: area.height };
  const barAxis = barAxisOf(bar.y + bar.height, bar.height);
  const barIn = (color: (share: number) => string) => colorBar(bar, color, barAxis);
  return rendered(
    svgDocument(left + width + rightOf(area.height), area.y + area.height + BELOW_AXIS, [
      head.svg,
      named.svg,
      clipped(area, image + iso.join("") + over),
      axes(area, x, y),
      options.format === "svg"
        ? perScheme(barIn(densityColor), barIn(densityColorOnDark))
        : barIn(densityColor),
    ]),
    options,
  );
}
