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
  isForPhone,
  isOneColumn,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
  panelCaption,
  rightOfBar,
} from "./drawing/_chart.ts";
import { accent, classColors, densityColor, densityColorOnDark, ink } from "./drawing/_palette.ts";
import { checkPoints, dots, dotStyle, fitPlane, type Plane } from "./drawing/_plane.ts";
import { encodePng } from "../core/png/encode_png.ts";
import { rendered } from "./drawing/_render.ts";
import { perScheme } from "./drawing/_scheme.ts";
import { element, pngAddress, polyline, svgDocument } from "./drawing/_svg.ts";
import { withOutside } from "./scatter_plot.ts";
import type { Bounds, CoordinateOptions, PictureOptions } from "./picture.ts";

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
export interface DensityOptions extends PictureOptions, CoordinateOptions {
  /** Caption of the panel, with `beside`; default "density". */
  readonly label?: string;
  /**
   * A second panel in the same frame: another density on the same grid, in the same colour scale,
   * or points over the first density's iso-lines.
   */
  readonly beside?:
    | {
      readonly kind: "density";
      readonly label: string;
      /** [rows * columns], nats. */
      readonly logDensity: ArrayLike<number>;
    }
    | { readonly kind: "points"; readonly label: string; readonly points: ArrayLike<number> };
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
 * Densities from log-densities.
 *
 * @throws {RangeError} If one is NaN or infinite, or all are zero.
 */
function densitiesOf(
  { columns, rows }: LogDensityGrid,
  logDensity: ArrayLike<number>,
): { readonly density: Float64Array; readonly highest: number } {
  if (logDensity.length !== rows * columns || logDensity.length === 0) {
    throw new RangeError(
      `densityPlot: expected ${rows} x ${columns} log-densities, got ${logDensity.length}`,
    );
  }
  const density = Float64Array.from(logDensity, Math.exp);
  const highest = density.reduce((a, b) => Math.max(a, b), 0);
  if (!(highest > 0 && highest < Infinity)) {
    throw new RangeError(`densityPlot: expected a finite positive maximum density, got ${highest}`);
  }
  return { density, highest };
}

/**
 * Plots a density on the plane as a heat map with contours around 50, 75 and 95% of its mass, a
 * colour bar, and optional samples on top. What stands beside it has the same frame and, if it is a
 * density, the same colours.
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
  const { bounds } = grid;
  const { samples, data, beside, label = "density" } = options;
  const clouds = [[data, classColors[9]], [samples, accent.orange]] as const;
  for (const [cloud] of clouds) if (cloud) checkPoints(cloud.points, 2);
  if (beside?.kind === "points") checkPoints(beside.points, 2);
  const own = densitiesOf(grid, grid.logDensity);
  const other = beside?.kind === "density" ? densitiesOf(grid, beside.logDensity) : null;
  const highest = Math.max(own.highest, other?.highest ?? 0);

  const isNarrow = isForPhone(options);
  const BAR = 14, TO_BAR = isNarrow ? 10 : 22;
  const barAxisOf = (bottom: number, height: number) =>
    linearAxis(
      "density p(x)",
      [0, highest],
      [bottom, bottom - height],
      Math.max(3, Math.round(height / 60)),
    );
  const isBelow = beside !== undefined && isOneColumn(options);
  const columns = beside === undefined || isBelow ? 1 : 2;
  const ownWidth = beside === undefined ? 540 : 450;
  const margins = marginsOf(options);
  const rightOf = (height: number) => TO_BAR + BAR + rightOfBar(barAxisOf(0, height));
  const planeAt = (x: number, y: number, width: number) =>
    fitPlane(bounds, { x, y, width }, options);
  const guess = planeAt(0, 0, areaWidth(options, columns * ownWidth, 150) / columns);
  const start = leftOfAxis(guess.y, margins.left);
  const width = Math.floor(
    areaWidth(options, columns * ownWidth, columns * start + rightOf(guess.area.height)) / columns,
  );
  const across = columns * width + (columns - 1) * start;
  const head = heading(options, { x: start, width: across });
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
  const named = legend(entries, { x: start, y: head.height, width: across });
  const top = head.height + named.height + (beside === undefined ? 6 : 18);
  const plane = planeAt(start, top, width);
  const { area } = plane;
  const over = clouds.map(([cloud, color]) =>
    cloud === undefined ? "" : cloudDots(plane, cloud.points, color)
  );
  const scheme = options.format === "svg" ? "both" : "light";
  const heatOf = (at: Plane, density: Float64Array) =>
    heat(at, grid, { shares: density.map((value) => value / highest), scheme });
  const panels = [
    panel(plane, [heatOf(plane, own.density), isoLines(plane, grid, own.density), ...over]),
  ];
  let right = area.x + width, bottom = area.y + area.height;
  if (beside !== undefined) {
    const second = isBelow
      ? planeAt(start, bottom + BELOW_AXIS + 26, width)
      : planeAt(right + start, top, width);
    right = second.area.x + width;
    bottom = second.area.y + second.area.height;
    const marks = beside.kind === "density"
      ? [heatOf(second, other!.density), isoLines(second, grid, other!.density)]
      : [isoLines(second, grid, own.density), cloudDots(second, beside.points, accent.orange)];
    const besideLabel = beside.kind === "density"
      ? beside.label
      : withOutside(beside.label, beside.points, second.bounds);
    panels.push(
      panelCaption(label, area),
      panel(second, marks),
      panelCaption(besideLabel, second.area),
    );
  }
  const bar = { x: right + TO_BAR, y: area.y, width: BAR, height: area.height };
  const barAxis = barAxisOf(bar.y + bar.height, bar.height);
  const barIn = (color: (share: number) => string) => colorBar(bar, color, barAxis);
  return rendered(
    svgDocument(right + rightOf(area.height), bottom + BELOW_AXIS, [
      head.svg,
      named.svg,
      ...panels,
      scheme === "both"
        ? perScheme(barIn(densityColor), barIn(densityColorOnDark))
        : barIn(densityColor),
    ]),
    options,
  );
}

function panel({ area, x, y }: Plane, marks: readonly string[]): string {
  return clipped(area, marks.join("")) + axes(area, x, y);
}

/** The corners of a grid in a drawing. */
function cornersOf({ x, y }: Plane, { xMin, xMax, yMin, yMax }: Bounds) {
  return { left: x.at(xMin), right: x.at(xMax), upper: y.at(yMax), lower: y.at(yMin) };
}

/** The heat map of a density, given as shares of the highest in the picture. */
function heat(
  plane: Plane,
  grid: LogDensityGrid,
  { shares, scheme }: { readonly shares: Float64Array; readonly scheme: "light" | "both" },
): string {
  const { left, right, upper, lower } = cornersOf(plane, grid.bounds);
  const imageIn = (color: (share: number) => string) =>
    element("image", {
      x: left,
      y: upper,
      width: right - left,
      height: lower - upper,
      preserveAspectRatio: "none",
      "image-rendering": "optimizeQuality",
      href: pngAddress(heatMap(grid, shares, color)),
    });
  return scheme === "both"
    ? perScheme(imageIn(densityColor), imageIn(densityColorOnDark))
    : imageIn(densityColor);
}

function isoLines(plane: Plane, grid: LogDensityGrid, density: Float64Array): string {
  const { columns, rows } = grid;
  const { left, right, upper, lower } = cornersOf(plane, grid.bounds);
  const rings = contours().size([columns, rows]).thresholds(levelsOf(density, SHARES))(
    Array.from(density),
  );
  return rings.map((ring) =>
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
  ).join("");
}

function cloudDots(plane: Plane, points: ArrayLike<number>, color: string): string {
  const shown = Array.from(points).slice(0, 2 * MAX_DOTS);
  const { radius, opacity } = dotStyle(shown.length / 2, plane.area);
  return dots(plane, shown, { radius: 0.75 * radius, opacity, color });
}
