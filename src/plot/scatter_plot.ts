import {
  areaWidth,
  axes,
  BELOW_AXIS,
  gridLines,
  heading,
  isOneColumn,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
  panelCaption,
} from "./drawing/_chart.ts";
import { accent, classColors, ink } from "./drawing/_palette.ts";
import {
  boundsOfAll,
  checkPoints,
  cloudOf,
  cloudsIn,
  countOutside,
  dotStyle,
  fitPlane,
  type Plane,
} from "./drawing/_plane.ts";
import type { Cloud } from "./drawing/_clouds.ts";
import { rendered } from "./drawing/_render.ts";
import { svgDocument } from "./drawing/_svg.ts";
import type { Bounds, CoordinateOptions, PictureOptions } from "./picture.ts";
import { withThousands } from "../core/text/thousands.ts";

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
export interface ScatterOptions extends PictureOptions, CoordinateOptions {
  /** Name of the points in the legend. */
  readonly label?: string;
  /** Class of each point, 0 to 9, shown by colour and named "class 0" and so on. */
  readonly labels?: ArrayLike<number> | null;
  /** A second cloud; default none. */
  readonly reference?: ReferenceCloud;
  /**
   * Rectangle to show; points outside are not drawn. Default: all points, or with `scales: "own"`
   * all but distant ones, whose number the picture says.
   */
  readonly bounds?: Bounds;
}

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
  return gridLines(plane.area, plane.x, plane.y) + marks + axes(plane.area, plane.x, plane.y);
}

/** The label of a cloud, with the number of its points outside the frame if there are any. */
export function withOutside(label: string, points: ArrayLike<number>, frame: Bounds): string {
  return withCount(label, countOutside(points, frame));
}

/** A label with a number of points outside the frame if there are any. */
export function withCount(label: string, outside: number): string {
  return outside === 0 ? label : `${label}, ${withThousands(outside)} outside the frame`;
}

/**
 * Plots points as translucent dots, by default with equal axis scales. A cloud beside them has the
 * same frame.
 *
 * @param points [n * 2], row-major.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or there is not one label per point.
 */
export function scatterPlot(
  points: ArrayLike<number>,
  options: ScatterOptions = {},
): Promise<Uint8Array> {
  const { labels, reference } = options;
  const n = checkPoints(points, 2);
  if (reference !== undefined) checkPoints(reference.points, 2);
  const clouds = reference === undefined ? [points] : [points, reference.points];
  const wanted = options.bounds ?? boundsOfAll(clouds, options);
  const beside = reference?.place === "beside";
  const classes = labels ? classesOf(labels, n) : [];

  const isBelow = beside && isOneColumn(options);
  const columns = beside && !isBelow ? 2 : 1;
  const margins = marginsOf(options);
  const own = beside ? 470 : 560;
  const planeAt = (x: number, y: number, width: number) =>
    fitPlane(wanted, { x, y, width }, options);
  const guess = areaWidth(options, own * columns, columns * margins.left) / columns;
  const left = leftOfAxis(planeAt(0, 0, guess).y, margins.left);
  const width = Math.floor(
    areaWidth(options, own * columns, columns * left + margins.right) / columns,
  );
  const trial = planeAt(0, 0, width);
  const across = columns * width + (columns - 1) * left;
  // Callers who give the bounds know what they leave out.
  const labelOf = (words: string, cloud: ArrayLike<number>) =>
    options.bounds === undefined ? withOutside(words, cloud, trial.bounds) : words;
  const label = labelOf(options.label ?? "points", points);
  const otherLabel = reference === undefined ? "" : labelOf(reference.label, reference.points);
  const head = heading(options, { x: left, width: across });
  const entries: LegendEntry[] = labels
    ? classes.map((c) => ({ label: `class ${c}`, mark: "dot", color: classColors[c]! }))
    : beside
    ? []
    : [{ label, mark: "dot", color: accent.blue }];
  if (reference !== undefined && !beside) {
    entries.push({ label: otherLabel, mark: "dot", color: ink.reference });
  }
  const named = legend(entries, { x: left, y: head.height, width: across });
  const top = head.height + named.height + (beside ? 18 : 6);

  const plane = planeAt(left, top, width);
  const style = dotStyle(n, plane.area);
  const marks = cloudOf(plane, points, {
    ...style,
    color: labels ? (row) => classColors[labels[row]!]! : accent.blue,
  });
  const painted: Cloud[] = [];
  const drawn = (...clouds: [Cloud, ...Cloud[]]) => cloudsIn(clouds, options, painted);
  const parts = [head.svg, named.svg];
  let right = left + width, bottom = top + plane.area.height;
  if (reference === undefined) {
    parts.push(panel(plane, drawn(marks)));
  } else {
    const { points: others } = reference;
    const otherStyle = dotStyle(others.length / 2, plane.area);
    const behind = { ...otherStyle, opacity: Math.min(0.85, 1.5 * otherStyle.opacity) };
    if (beside) {
      const second = isBelow
        ? planeAt(left, bottom + BELOW_AXIS + 26, width)
        : planeAt(right + left, top, width);
      right = second.area.x + width;
      bottom = second.area.y + second.area.height;
      parts.push(panel(plane, drawn(marks)), panelCaption(label, plane.area));
      parts.push(
        panel(second, drawn(cloudOf(second, others, { ...otherStyle, color: accent.orange }))),
      );
      parts.push(panelCaption(otherLabel, second.area));
    } else {
      parts.push(
        panel(plane, drawn(cloudOf(plane, others, { ...behind, color: ink.reference }), marks)),
      );
    }
  }
  return rendered(svgDocument(right + margins.right, bottom + BELOW_AXIS, parts), options, painted);
}
