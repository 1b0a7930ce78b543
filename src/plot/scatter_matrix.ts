import { acrossAxis, categoryAxis, categoryDomain, scaledAxis } from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  type Axis,
  cutOut,
  gridLines,
  heading,
  isForPhone,
  LABEL,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
  type Rect,
} from "./drawing/_chart.ts";
import { accent, classColors } from "./drawing/_palette.ts";
import {
  checkPoints,
  cloudOf,
  cloudsIn,
  coordinate,
  coordinateName,
  domainOf,
  dotStyle,
} from "./drawing/_plane.ts";
import type { Cloud } from "./drawing/_clouds.ts";
import { rendered } from "./drawing/_render.ts";
import { bars, gridStep, histograms, outline } from "./histogram_plot.ts";
import { classesOf, withCount } from "./scatter_plot.ts";
import { fontWidth, shortenedNames, svgDocument } from "./drawing/_svg.ts";
import type { CoordinateOptions, PictureOptions } from "./picture.ts";

/** Options of {@link scatterMatrix}. */
export interface ScatterMatrixOptions
  extends PictureOptions, Pick<CoordinateOptions, "names" | "categories"> {
  /** Dimension of a point. */
  readonly dims: number;
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9. */
  readonly labels?: ArrayLike<number> | null;
  /** A second cloud [m * dims], such as test data beside samples. */
  readonly reference?: { readonly points: ArrayLike<number>; readonly label: string };
  /** Points [k * dims] whose range the axes show; default all that are drawn. */
  readonly frame?: ArrayLike<number>;
}

/** Maximum number of dimensions, also for a phone; more panels would be too small to read. */
const MAX_DIMS = 6, MAX_DIMS_PHONE = 4;

/** By how much the line of a histogram may leave its panel. */
const LINE = 2;

/** Side of a panel by the number of dimensions shown. */
const SIDES = [0, 0, 250, 190, 160, 136, 120] as const;

/**
 * Scatter matrix of points with three or more dimensions: each pair of the first six, or on a phone
 * of the first four, with histograms on the diagonal. With a reference, each pair is drawn twice on the same axes: the
 * points below the diagonal, the reference above it, both in the histograms.
 *
 * @param points [n * dims], row-major.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or there is not one label per point.
 */
export function scatterMatrix(
  points: ArrayLike<number>,
  options: ScatterMatrixOptions,
): Promise<Uint8Array> {
  const { dims, label = "points", labels, reference } = options;
  const n = checkPoints(points, dims);
  if (reference !== undefined) checkPoints(reference.points, dims);
  const isNarrow = isForPhone(options), GAP = isNarrow ? 6 : 14;
  const shown = Math.min(dims, isNarrow ? MAX_DIMS_PHONE : MAX_DIMS);
  const classes = labels ? classesOf(labels, n) : [];

  const columnsOf = (table: ArrayLike<number>) =>
    Array.from({ length: shown }, (_, k) => coordinate(table, dims, k));
  const own = columnsOf(points);
  const others = reference === undefined ? null : columnsOf(reference.points);
  const tablesOf = (k: number) => others === null ? [own[k]!] : [own[k]!, others[k]!];
  const { frame } = options;
  const categoriesOf = (k: number) => options.categories?.[k] ?? null;
  const steps = own.map((_, k) => categoriesOf(k) === null ? gridStep(tablesOf(k)) : 1);
  const domains = own.map((_, k) => {
    const categories = categoriesOf(k);
    if (categories !== null) return categoryDomain(categories);
    const domain = domainOf(frame === undefined ? tablesOf(k) : [coordinate(frame, dims, k)]);
    return withBins(domain, clippedTo(domain, tablesOf(k)), steps[k]!);
  });
  const most = isNarrow || SIDES[shown]! < 150 ? 2 : 3;
  const names = domains.map((_, k) => coordinateName(options, k));
  const margins = marginsOf(options);
  const upwards = (k: number, name: string, range: readonly [number, number]) => {
    const categories = categoriesOf(k);
    return categories === null
      ? scaledAxis(name, domains[k]!, range, most)
      : categoryAxis(name, categories, domains[k]!, range);
  };
  const left = Math.max(
    ...names.map((name, k) => leftOfAxis(upwards(k, name, [SIDES[shown]!, 0]), margins.left)),
  );
  const gaps = (shown - 1) * GAP;
  const CELL = Math.floor(
    (areaWidth(options, shown * SIDES[shown]! + gaps, left + margins.right) - gaps) / shown,
  );
  const width = shown * CELL + gaps;
  const labelsOfAxes = shortenedNames(names, LABEL, CELL / fontWidth(options));

  const what = options.names === undefined ? "dimensions" : "columns";
  const subtitle = options.subtitle ??
    (shown < dims ? `the first ${shown} of ${dims} ${what}` : undefined);
  const head = heading({ ...options, subtitle }, { x: left, width });
  const outsideOf = (words: string, table: readonly Float64Array[]) => {
    const rows = Array.from(table[0]!, (_, i) => i);
    const count =
      rows.filter((i) =>
        table.some((values, k) => values[i]! < domains[k]![0] || values[i]! > domains[k]![1])
      ).length;
    return withCount(words, count);
  };
  const entries: LegendEntry[] = labels
    ? classes.map((c) => ({ label: `class ${c}`, mark: "dot", color: classColors[c]! }))
    : [{
      label: outsideOf(others === null ? label : `${label} (below the diagonal)`, own),
      mark: "dot",
      color: accent.blue,
    }];
  if (reference !== undefined) {
    const label = outsideOf(`${reference.label} (above it; outlined on it)`, others!);
    entries.push({ label, mark: "dot", color: accent.orange });
  }
  const named = legend(entries, { x: left, y: head.height, width });
  const top = head.height + named.height + 6;
  const painted: Cloud[] = [];
  const parts = [head.svg, named.svg];

  const diagonal = (k: number, area: Rect, x: Axis): string => {
    const within = clippedTo(domains[k]!, tablesOf(k));
    const [counted, outlined] = histograms(tablesOf(k), within, steps[k]!);
    const heights = [...counted!.density, ...(outlined?.density ?? [])];
    const highest = heights.reduce((a, b) => Math.max(a, b), 0);
    const y = (value: number) => area.y + CELL * (1 - 0.92 * value / highest);
    return bars(counted!, { x: x.at, y }) +
      (outlined === undefined ? "" : outline(outlined, { x: x.at, y }));
  };

  for (let row = 0; row < shown; row++) {
    for (let column = 0; column < (others === null ? row + 1 : shown); column++) {
      const area = {
        x: left + column * (CELL + GAP),
        y: top + row * (CELL + GAP),
        width: CELL,
        height: CELL,
      };
      // Labels of neighbours have a gap between them.
      const beyond = Math.max(0, GAP / 2 - 4);
      const across = [area.x, area.x + CELL] as const, name = labelsOfAxes[column]!;
      const categories = categoriesOf(column);
      const x = categories === null
        ? acrossAxis(name, domains[column]!, across, { most, beyond })
        : categoryAxis(name, categories, domains[column]!, across);
      const y = upwards(row, labelsOfAxes[row]!, [area.y + CELL, area.y]);
      // Only the outer panels have tick labels, at the left and bottom.
      const outerX = row === shown - 1 ? x : { at: x.at, label: "", ticks: [] };
      const hasY = column === 0 && (row > 0 || others !== null);
      const outerY = hasY ? y : { at: y.at, label: "", ticks: [] };
      if (row === column) {
        const { format } = options;
        parts.push(cutOut(area, diagonal(row, area, x), { format, reach: LINE }));
      } else {
        const table = row > column ? own : others!;
        const count = table[0]!.length;
        const pairs = new Float64Array(2 * count);
        for (let i = 0; i < count; i++) {
          pairs[2 * i] = table[column]![i]!;
          pairs[2 * i + 1] = table[row]![i]!;
        }
        const style = dotStyle(count, area);
        parts.push(gridLines(area, x, y));
        const cloud = cloudOf({ area, x, y }, pairs, {
          radius: style.radius * 0.8,
          opacity: style.opacity,
          color: row < column
            ? accent.orange
            : labels
            ? (i) => classColors[labels[i]!]!
            : accent.blue,
        });
        parts.push(cloudsIn([cloud], options, painted));
      }
      parts.push(axes(area, outerX, outerY));
    }
  }
  const height = top + shown * CELL + (shown - 1) * GAP + 50;
  return rendered(svgDocument(left + width + margins.right, height, parts), options, painted);
}

/** A domain that holds the bins around the outer ones of its values, if they are on a grid. */
function withBins(
  [low, high]: readonly [number, number],
  [least, most]: readonly [number, number],
  step: number | null,
): readonly [number, number] {
  if (step === null) return [low, high];
  return [Math.min(low, least - 0.6 * step), Math.max(high, most + 0.6 * step)];
}

/** The range of the values within a domain, for the bins of their histogram. */
function clippedTo(
  [low, high]: readonly [number, number],
  tables: readonly Float64Array[],
): readonly [number, number] {
  let least = high, most = low;
  for (const values of tables) {
    for (const value of values) {
      if (value < low || value > high) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return [least, most];
}
