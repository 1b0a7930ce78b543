import { linearAxis, widened } from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  clipped,
  gridLines,
  heading,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
} from "./drawing/_chart.ts";
import { accent, classColors } from "./drawing/_palette.ts";
import { checkPoints, dots, dotStyle } from "./drawing/_plane.ts";
import { rendered } from "./drawing/_render.ts";
import { bars, histogram } from "./histogram_plot.ts";
import { classesOf } from "./scatter_plot.ts";
import { svgDocument } from "./drawing/_svg.ts";
import type { PictureOptions } from "./picture.ts";

/** Options of {@link scatterMatrix}. */
export interface ScatterMatrixOptions extends PictureOptions {
  /** Dimension of a point. */
  readonly dims: number;
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9. */
  readonly labels?: ArrayLike<number> | null;
}

/** Maximum number of dimensions; more panels would be too small to read. */
const MAX_DIMS = 4;
const subscripts = "₀₁₂₃₄₅₆₇₈₉";

/**
 * Scatter matrix of points with three or more dimensions: each pair of the first four, with
 * histograms on the diagonal.
 *
 * @param points [n * dims], row-major.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or there is not one label per point.
 */
export function scatterMatrix(
  points: ArrayLike<number>,
  options: ScatterMatrixOptions,
): Promise<Uint8Array> {
  const { dims, label = "points", labels } = options;
  const n = checkPoints(points, dims);
  const shown = Math.min(dims, MAX_DIMS);
  const classes = labels ? classesOf(labels, n) : [];
  const OWN_CELL = shown === 4 ? 150 : shown === 3 ? 190 : 250;
  const isNarrow = (options.totalWidth ?? Infinity) < 480, GAP = isNarrow ? 6 : 14;

  const columns = Array.from(
    { length: shown },
    (_, k) => Float64Array.from({ length: n }, (_, i) => points[i * dims + k]!),
  );
  const domains = columns.map((values) => {
    const low = values.reduce((a, b) => Math.min(a, b)),
      high = values.reduce((a, b) => Math.max(a, b));
    return widened(low, high, 0.06);
  });
  const axis = (k: number, range: readonly [number, number]) =>
    linearAxis(`x${subscripts[k + 1]}`, domains[k]!, range, isNarrow ? 2 : 3);
  const margins = marginsOf(options);
  const left = Math.max(...domains.map((_, k) => leftOfAxis(axis(k, [OWN_CELL, 0]), margins.left)));
  const gaps = (shown - 1) * GAP;
  const CELL = Math.floor(
    (areaWidth(options, shown * OWN_CELL + gaps, left + margins.right) - gaps) / shown,
  );
  const width = shown * CELL + gaps;

  const subtitle = options.subtitle ??
    (shown < dims ? `the first ${shown} of ${dims} dimensions` : undefined);
  const head = heading({ ...options, subtitle }, left);
  const entries: LegendEntry[] = labels
    ? classes.map((c) => ({ label: `class ${c}`, mark: "dot", color: classColors[c]! }))
    : [{ label, mark: "dot", color: accent.blue }];
  const named = legend(entries, { x: left, y: head.height, width });
  const top = head.height + named.height + 6;
  const parts = [head.svg, named.svg];

  for (let row = 0; row < shown; row++) {
    for (let column = 0; column <= row; column++) {
      const area = {
        x: left + column * (CELL + GAP),
        y: top + row * (CELL + GAP),
        width: CELL,
        height: CELL,
      };
      const x = axis(column, [area.x, area.x + CELL]);
      const y = axis(row, [area.y + CELL, area.y]);
      // Only the outer panels have tick labels, at the left and bottom.
      const outerX = row === shown - 1 ? x : { ...x, label: "", ticks: [] };
      const outerY = column === 0 && row > 0 ? y : { ...y, label: "", ticks: [] };
      if (row === column) {
        const counted = histogram(columns[row]!);
        const highest = counted.density.reduce((a, b) => Math.max(a, b), 0);
        const height = (value: number) => area.y + CELL * (1 - 0.92 * value / highest);
        parts.push(clipped(area, bars(counted, { x: x.at, y: height })));
      } else {
        const pairs = new Float64Array(2 * n);
        for (let i = 0; i < n; i++) {
          pairs[2 * i] = columns[column]![i]!;
          pairs[2 * i + 1] = columns[row]![i]!;
        }
        const style = dotStyle(n, area);
        parts.push(gridLines(area, x, y));
        parts.push(clipped(
          area,
          dots({ x, y }, pairs, {
            radius: style.radius * 0.8,
            opacity: style.opacity,
            color: labels ? (i) => classColors[labels[i]!]! : accent.blue,
          }),
        ));
      }
      parts.push(axes(area, outerX, outerY));
    }
  }
  const height = top + shown * CELL + (shown - 1) * GAP + 50;
  return rendered(svgDocument(left + width + margins.right, height, parts), options);
}
