import {
  acrossAxis,
  categoryAxis,
  categoryDomain,
  isPoint,
  linearAxis,
  widened,
} from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  BELOW_AXIS,
  clipped,
  gridLines,
  heading,
  isForPhone,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
} from "./drawing/_chart.ts";
import { accent } from "./drawing/_palette.ts";
import { checkPoints, domainOf } from "./drawing/_plane.ts";
import { rendered } from "./drawing/_render.ts";
import { element, polyline, svgDocument } from "./drawing/_svg.ts";
import type { CoordinateOptions, PictureOptions } from "./picture.ts";

/** Options of {@link histogramPlot}. */
export interface HistogramOptions
  extends PictureOptions, Pick<CoordinateOptions, "names" | "categories"> {
  /** Name of the values in the legend. */
  readonly label?: string;
  /** Other values to compare with, such as data beside samples; drawn as an outline. */
  readonly reference?: { readonly points: ArrayLike<number>; readonly label: string };
  /** Values whose range the axis shows; default all that are drawn. */
  readonly frame?: ArrayLike<number>;
  /** A density to compare the histogram with, at ascending `x`. */
  readonly density?: {
    readonly x: ArrayLike<number>;
    readonly density: ArrayLike<number>;
    readonly label: string;
  };
}

/** A histogram with bins of equal width. */
export interface Histogram {
  /** Left edge of the first bin. */
  readonly start: number;
  /** Bin width in the unit of the values. */
  readonly binWidth: number;
  /** Height of each bar: share of the values divided by the bin width, so the total area is 1. */
  readonly density: readonly number[];
}

/**
 * Histogram with bin width 2 IQR / n^(1/3), limited to 8 to 80 bins.
 * Source: Freedman and Diaconis 1981, On the histogram as a density estimator.
 *
 * @param values [n], finite, n >= 1.
 */
export function histogram(values: ArrayLike<number>): Histogram {
  return histograms([values])[0]!;
}

/** Most places of a grid whose values get a bin each. */
const MOST_PLACES = 40;

/**
 * Distance of neighbouring values if they are few places of a grid, most of them several times,
 * such as counts; else null.
 */
export function gridStep(tables: readonly ArrayLike<number>[]): number | null {
  const distinct = new Set<number>();
  let count = 0;
  for (const values of tables) {
    count += values.length;
    for (let i = 0; i < values.length; i++) {
      distinct.add(values[i]!);
      if (distinct.size > MOST_PLACES) return null;
    }
  }
  const places = [...distinct].sort((a, b) => a - b);
  if (places.length < 2 || count < 2 * places.length) return null;
  const low = places[0]!, high = places.at(-1)!;
  if (isPoint(low, high)) return null;
  const step = Math.min(...places.slice(1).map((value, i) => value - places[i]!));
  const isOnGrid = places.every((value) => {
    const place = (value - low) / step;
    return Math.abs(place - Math.round(place)) < 1e-3;
  });
  return isOnGrid && (high - low) / step < MOST_PLACES ? step : null;
}

/**
 * Histograms of several tables with the same bins, those of {@link histogram} of the first; around
 * each value of a grid one bin, as edges at the values would cut the outer bins in half and move
 * the others beside their values.
 *
 * @param step Distance of the values of a grid, null if they are on none.
 */
export function histograms(
  tables: readonly ArrayLike<number>[],
  domain: readonly [number, number] = extentOf(tables),
  step: number | null = gridStep(tables),
): readonly Histogram[] {
  if (step !== null) return gridHistograms(tables, domain, step);
  const [low, high] = domain;
  const sorted = Float64Array.from(tables[0]!).sort();
  const n = sorted.length;
  if (isPoint(low, high)) {
    return tables.map(() => ({ start: low - 0.5, binWidth: 1, density: [1] }));
  }
  const quartile = (q: number) => sorted[Math.min(n - 1, Math.floor(q * n))]!;
  const wanted = 2 * (quartile(0.75) - quartile(0.25)) / Math.cbrt(n);
  const bins = Math.min(80, Math.max(8, Math.ceil((high - low) / wanted)));
  const binWidth = (high - low) / bins;
  return tables.map((values) => {
    const density = new Array<number>(bins).fill(0);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value < low || value > high) continue;
      const bin = Math.min(bins - 1, Math.floor((value - low) / binWidth));
      density[bin]! += 1 / (values.length * binWidth);
    }
    return { start: low, binWidth, density };
  });
}

function gridHistograms(
  tables: readonly ArrayLike<number>[],
  domain: readonly [number, number],
  step: number,
): readonly Histogram[] {
  const within = tables.map((values) =>
    Array.from(values).filter((value) => value >= domain[0] && value <= domain[1])
  );
  const [low, high] = extentOf(within);
  const bins = within.every(({ length }) => length === 0) ? 1 : Math.round((high - low) / step) + 1;
  return within.map((values, k) => {
    const density = new Array<number>(bins).fill(0);
    for (const value of values) {
      density[Math.round((value - low) / step)]! += 1 / (tables[k]!.length * step);
    }
    return { start: low - step / 2, binWidth: step, density };
  });
}

function extentOf(tables: readonly ArrayLike<number>[]): readonly [number, number] {
  let low = Infinity, high = -Infinity;
  for (const values of tables) {
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  return [low, high];
}

/** The outline of a histogram. */
export function outline(
  { start, binWidth, density }: Histogram,
  at: { readonly x: (value: number) => number; readonly y: (value: number) => number },
): string {
  const path = density.flatMap((height, i) => [
    at.x(start + i * binWidth),
    at.y(height),
    at.x(start + (i + 1) * binWidth),
    at.y(height),
  ]);
  const last = at.x(start + density.length * binWidth);
  return element("path", {
    d: polyline([at.x(start), at.y(0), ...path, last, at.y(0)]),
    fill: "none",
    stroke: accent.orange,
    "stroke-width": 1.8,
    "stroke-linejoin": "round",
  });
}

/** The bars of a histogram, separated by hairlines. */
export function bars(
  { start, binWidth, density }: Histogram,
  at: { readonly x: (value: number) => number; readonly y: (value: number) => number },
): string {
  const hair = Math.min(1, Math.abs(at.x(binWidth) - at.x(0)) * 0.15);
  return element(
    "g",
    { fill: accent.blue, "fill-opacity": 0.55 },
    density.map((height, i) =>
      element("rect", {
        x: at.x(start + i * binWidth) + hair / 2,
        y: at.y(height),
        width: at.x(start + (i + 1) * binWidth) - at.x(start + i * binWidth) - hair,
        height: at.y(0) - at.y(height),
      })
    ),
  );
}

/**
 * Plots values as a histogram of area 1, with an optional density curve.
 *
 * @param values [n]
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a value is not finite, or there are none.
 */
export function histogramPlot(
  values: ArrayLike<number>,
  options: HistogramOptions = {},
): Promise<Uint8Array> {
  const { label = "values", reference, density } = options;
  checkPoints(values, 1);
  if (reference !== undefined) checkPoints(reference.points, 1);
  const tables = reference === undefined ? [values] : [values, reference.points];
  const { frame } = options;
  const domain = frame === undefined ? undefined : domainOf([Float64Array.from(frame)]);
  const categories = options.categories?.[0] ?? null;
  const [counted, others] =
    (categories === null
      ? histograms(tables, domain)
      : histograms(tables, categoryDomain(categories), 1)) as [Histogram, Histogram | undefined];
  const HEIGHT = isForPhone(options) ? 240 : 340;
  const line = density ? Array.from(density.density) : [];
  const heights = [...counted.density, ...(others?.density ?? []), ...line];
  const top = 1.08 * heights.reduce((a, b) => Math.max(a, b), 0);
  const vertical = (bottom: number) =>
    linearAxis(
      categories === null ? "density" : "share",
      [0, top],
      [bottom, bottom - HEIGHT],
      5,
    );
  const margins = marginsOf(options);
  const left = leftOfAxis(vertical(HEIGHT), margins.left);
  const width = areaWidth(options, 560, left + margins.right);
  const head = heading(options, { x: left, width });
  const entries: LegendEntry[] = [{ label, mark: "patch", color: accent.blue, opacity: 0.55 }];
  if (reference) entries.push({ label: reference.label, mark: "line", color: accent.orange });
  if (density) entries.push({ label: density.label, mark: "line", color: accent.orange });
  const named = legend(entries, { x: left, y: head.height, width });
  const area = { x: left, y: head.height + named.height + 6, width, height: HEIGHT };

  const end = counted.start + counted.density.length * counted.binWidth;
  const range = [left, left + width] as const;
  const name = options.names?.[0] ?? "x";
  const x = categories === null
    ? acrossAxis(name, domain ?? widened(counted.start, end, 0.04), range, {
      most: Math.min(8, Math.round(width / 60)),
      beyond: margins.right,
    })
    : categoryAxis(name, categories, categoryDomain(categories), range);
  const y = vertical(area.y + HEIGHT);
  const marks = [bars(counted, { x: x.at, y: y.at })];
  if (others) marks.push(outline(others, { x: x.at, y: y.at }));
  if (density) {
    const path = line.flatMap((value, i) => [x.at(density.x[i]!), y.at(value)]);
    marks.push(element("path", {
      d: polyline(path),
      fill: "none",
      stroke: accent.orange,
      "stroke-width": 2,
      "stroke-linejoin": "round",
    }));
  }
  return rendered(
    svgDocument(left + width + margins.right, area.y + HEIGHT + BELOW_AXIS, [
      head.svg,
      named.svg,
      gridLines(area, x, y),
      clipped(area, marks.join("")),
      axes(area, x, y),
    ]),
    options,
  );
}
