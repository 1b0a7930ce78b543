import {
  areaWidth,
  axes,
  BELOW_AXIS,
  clipped,
  gridLines,
  heading,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
} from "./drawing/_chart.ts";
import { accent, classColors, ink } from "./drawing/_palette.ts";
import {
  boundsOfAll,
  checkPoints,
  dots,
  dotStyle,
  fitPlane,
  type Plane,
} from "./drawing/_plane.ts";
import { rendered } from "./drawing/_render.ts";
import { svgDocument } from "./drawing/_svg.ts";
import type { Bounds, PictureOptions } from "./picture.ts";

/** A second cloud to compare with, such as test data beside samples. */
export interface ReferenceCloud {
  /** [m * 2] */
  readonly points: ArrayLike<number>;
  /** Name in the legend. */
  readonly label: string;
  /** Grey behind the points, or in a second panel with the same axes. */
  readonly place: "behind" | "beside";
}

/** Options of {@link scatterPlot}. */
export interface ScatterOptions extends PictureOptions {
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9, shown by colour and named "class 0" and so on. */
  readonly labels?: ArrayLike<number> | null;
  /** A second cloud; default none. */
  readonly reference?: ReferenceCloud;
  /** Rectangle to show; points outside are not drawn. Default: all points. */
  readonly bounds?: Bounds;
}

/** Total width below which a second panel goes below the first. */
const SIDE_BY_SIDE = 560;

/**
 * The distinct classes, ascending.
 *
 * @throws {RangeError} If there is not one class from 0 to 9 per point.
 */
export function classesOf(labels: ArrayLike<number>, n: number): readonly number[] {
  if (labels.length !== n) {
    throw new RangeError(`plot: expected ${n} labels, one per point, got ${labels.length}`);
  }
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const strange = classes.find((value) => classColors[value] === undefined);
  if (strange !== undefined) {
    throw new RangeError(`plot: expected labels from 0 to 9, got ${strange}`);
  }
  return classes;
}

function panel(plane: Plane, marks: string): string {
  return gridLines(plane.area, plane.x, plane.y) + clipped(plane.area, marks) +
    axes(plane.area, plane.x, plane.y);
}

/**
 * Plots points as translucent dots with equal axis scales.
 *
 * @param points [n * 2], row-major.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or there is not one label per point.
 */
export function scatterPlot(
  points: ArrayLike<number>,
  options: ScatterOptions = {},
): Promise<Uint8Array> {
  const { label = "points", labels, reference } = options;
  const n = checkPoints(points, 2);
  if (reference !== undefined) checkPoints(reference.points, 2);
  const wanted = options.bounds ??
    boundsOfAll(reference === undefined ? [points] : [points, reference.points]);
  const beside = reference?.place === "beside";
  const classes = labels ? classesOf(labels, n) : [];

  const isBelow = beside && (options.totalWidth ?? Infinity) < SIDE_BY_SIDE;
  const across = beside && !isBelow ? 2 : 1;
  const margins = marginsOf(options);
  const own = beside ? 470 : 560;
  const guess = areaWidth(options, own * across, across * margins.left) / across;
  const left = leftOfAxis(fitPlane(wanted, { x: 0, y: 0, width: guess }).y, margins.left);
  const width = Math.floor(
    areaWidth(options, own * across, across * left + margins.right) / across,
  );
  const head = heading(options, left);
  const entries: LegendEntry[] = labels
    ? classes.map((c) => ({ label: `class ${c}`, mark: "dot", color: classColors[c]! }))
    : [{ label, mark: "dot", color: accent.blue }];
  if (reference !== undefined) {
    entries.push({
      label: reference.label,
      mark: "dot",
      color: beside ? accent.orange : ink.reference,
    });
  }
  const named = legend(entries, { x: left, y: head.height, width });
  const top = head.height + named.height + 6;

  const plane = fitPlane(wanted, { x: left, y: top, width });
  const style = dotStyle(n, plane.area);
  const marks = dots(plane, points, {
    ...style,
    color: labels ? (row) => classColors[labels[row]!]! : accent.blue,
  });
  const parts = [head.svg, named.svg];
  let total = left + width + margins.right, bottom = top + plane.area.height;
  if (reference === undefined) {
    parts.push(panel(plane, marks));
  } else {
    const { points: others } = reference;
    const otherStyle = dotStyle(others.length / 2, plane.area);
    const behind = { ...otherStyle, opacity: Math.min(0.85, 1.5 * otherStyle.opacity) };
    if (beside) {
      const second = fitPlane(
        wanted,
        isBelow
          ? { x: left, y: bottom + BELOW_AXIS + 8, width }
          : { x: total + left - margins.right, y: top, width },
      );
      total = second.area.x + width + margins.right;
      bottom = second.area.y + second.area.height;
      parts.push(panel(plane, marks));
      parts.push(panel(second, dots(second, others, { ...otherStyle, color: accent.orange })));
    } else {
      parts.push(panel(plane, dots(plane, others, { ...behind, color: ink.reference }) + marks));
    }
  }
  return rendered(svgDocument(total, bottom + BELOW_AXIS, parts), options);
}
