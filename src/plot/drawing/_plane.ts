import { acrossAxis, categoryAxis, categoryDomain, linearAxis, widened } from "./_axis.ts";
import { type Axis, clipped, marginsOf, type Rect } from "./_chart.ts";
import { circles, type Cloud } from "./_clouds.ts";
import type { Bounds, CoordinateOptions, PictureOptions } from "../picture.ts";

/**
 * Aspect ratio beyond which equal axis scales would collapse the data to a line, as for table
 * columns in different units.
 */
const MAX_ASPECT_RATIO = 8;

/** Whether a rectangle with these sides can be shown with equal axis scales. */
export function hasOneUnit(spanX: number, spanY: number): boolean {
  return Math.max(spanX, spanY) <= MAX_ASPECT_RATIO * Math.min(spanX, spanY);
}

/** A panel with equal axis scales, if {@link hasOneUnit}. */
export interface Plane {
  readonly area: Rect;
  readonly bounds: Bounds;
  readonly x: Axis;
  readonly y: Axis;
}

const subscripts = "₀₁₂₃₄₅₆₇₈₉";

/** Name of coordinate `k`, counted from 0: the given one, or x₁, x₂ and so on. */
export function coordinateName({ names }: CoordinateOptions, k: number): string {
  return names?.[k] ?? `x${[...String(k + 1)].map((digit) => subscripts[Number(digit)]).join("")}`;
}

/**
 * The number of points.
 *
 * @throws {RangeError} If `points` is not a non-empty table [n, dims] of finite numbers.
 */
export function checkPoints(points: ArrayLike<number>, dims: number): number {
  if (points.length === 0 || points.length % dims !== 0) {
    throw new RangeError(
      `plot: expected points [n, ${dims}] with n >= 1, got ${points.length} numbers`,
    );
  }
  for (let i = 0; i < points.length; i++) {
    if (!Number.isFinite(points[i]!)) {
      throw new RangeError(`plot: row ${Math.floor(i / dims)} is not finite, got ${points[i]}`);
    }
  }
  return points.length / dims;
}

/**
 * Bounding box of all `clouds` [n * 2] with a margin of 6% of its longer side, or of each side if
 * the axes have their own scales.
 *
 * With own scales, as for the columns of a table, a few distant points do not determine the frame:
 * it is that of {@link MIDDLE} of each coordinate where the rest would more than double it.
 */
export function boundsOfAll(
  clouds: readonly ArrayLike<number>[],
  { scales }: CoordinateOptions = {},
): Bounds {
  let xMin = Infinity, xMax = -Infinity, yMin = Infinity, yMax = -Infinity;
  for (const points of clouds) {
    for (let i = 0; i < points.length; i += 2) {
      xMin = Math.min(xMin, points[i]!);
      xMax = Math.max(xMax, points[i]!);
      yMin = Math.min(yMin, points[i + 1]!);
      yMax = Math.max(yMax, points[i + 1]!);
    }
  }
  if (scales === "own") {
    const [x, y] = [0, 1].map((k) => domainOf(clouds.map((points) => coordinate(points, 2, k))));
    return { xMin: x![0], xMax: x![1], yMin: y![0], yMax: y![1] };
  }
  if (
    scales === undefined && !hasOneUnit(xMax - xMin, yMax - yMin) && xMax > xMin && yMax > yMin
  ) {
    const [x, y] = [widened(xMin, xMax, 0.06), widened(yMin, yMax, 0.06)];
    return { xMin: x[0], xMax: x[1], yMin: y[0], yMax: y[1] };
  }
  // The longer side determines the margin on all sides.
  const [low, high] = xMax - xMin > yMax - yMin ? [xMin, xMax] : [yMin, yMax];
  const margin = low - widened(low, high, 0.06)[0];
  return { xMin: xMin - margin, xMax: xMax + margin, yMin: yMin - margin, yMax: yMax + margin };
}

/** Share of the values of a column between the ends of its axis, if the others lie far outside. */
const MIDDLE = 0.99;

/** Coordinate `k` of points [n * dims], [n]. */
export function coordinate(points: ArrayLike<number>, dims: number, k: number): Float64Array {
  return Float64Array.from({ length: points.length / dims }, (_, i) => points[i * dims + k]!);
}

/** Domain of an axis of its own scale that shows the same coordinate of several clouds. */
export function domainOf(clouds: readonly Float64Array[]): readonly [number, number] {
  let low = Infinity, high = -Infinity, middleLow = Infinity, middleHigh = -Infinity;
  for (const values of clouds) {
    const sorted = Float64Array.from(values).sort();
    const skipped = Math.floor((1 - MIDDLE) / 2 * sorted.length);
    low = Math.min(low, sorted[0]!);
    high = Math.max(high, sorted.at(-1)!);
    middleLow = Math.min(middleLow, sorted[skipped]!);
    middleHigh = Math.max(middleHigh, sorted[sorted.length - 1 - skipped]!);
  }
  const middle = middleHigh - middleLow;
  return middle > 0 && high - low > 2 * middle
    ? widened(middleLow, middleHigh, 0.1)
    : widened(low, high, 0.06);
}

/** Number of points [n * 2] outside the bounds. */
export function countOutside(
  points: ArrayLike<number>,
  { xMin, xMax, yMin, yMax }: Bounds,
): number {
  let count = 0;
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i]!, y = points[i + 1]!;
    if (!(x >= xMin && x <= xMax && y >= yMin && y <= yMax)) count++;
  }
  return count;
}

/** Corners [2 * 2] of the rectangle between the 1st and 99th percentiles of each coordinate. */
export function middleOf(points: ArrayLike<number>): number[] {
  const n = points.length / 2;
  const [x, y] = [0, 1].map((k) =>
    Float64Array.from({ length: n }, (_, i) => points[2 * i + k]!).sort()
  );
  const low = Math.floor(0.01 * (n - 1)), high = Math.ceil(0.99 * (n - 1));
  return [x![low]!, y![low]!, x![high]!, y![high]!];
}

/**
 * A plane of the given width that shows all of `wanted`, with a height between half the width and
 * the width: the shorter direction is extended as needed. Unless `scales` says so, each axis has its
 * own scale if one side is far longer than the other. Of a category all names are in it.
 */
export function fitPlane(
  values: Bounds,
  place: { readonly x: number; readonly y: number; readonly width: number },
  options: CoordinateOptions & Pick<PictureOptions, "totalWidth"> = {},
): Plane {
  const [across, upwards] = [0, 1].map((k) => options.categories?.[k] ?? null);
  const wanted = { ...values };
  if (across) [wanted.xMin, wanted.xMax] = categoryDomain(across);
  if (upwards) [wanted.yMin, wanted.yMax] = categoryDomain(upwards);
  const spanX = wanted.xMax - wanted.xMin, spanY = wanted.yMax - wanted.yMin;
  const oneUnit = options.scales === undefined
    ? hasOneUnit(spanX, spanY)
    : options.scales === "equal";
  const aspect = oneUnit ? Math.min(1, Math.max(0.5, spanY / spanX)) : 0.8;
  const area = { ...place, height: Math.round(place.width * aspect) };
  const unit = Math.min(area.width / spanX, area.height / spanY);
  const extraX = oneUnit ? (area.width / unit - spanX) / 2 : 0;
  const extraY = oneUnit ? (area.height / unit - spanY) / 2 : 0;
  const bounds = {
    xMin: wanted.xMin - extraX,
    xMax: wanted.xMax + extraX,
    yMin: wanted.yMin - extraY,
    yMax: wanted.yMax + extraY,
  };
  const tickCount = (length: number) => Math.max(3, Math.round(length / 70));
  const names = [coordinateName(options, 0), coordinateName(options, 1)] as const;
  const ofX = [bounds.xMin, bounds.xMax] as const, ofY = [bounds.yMin, bounds.yMax] as const;
  const alongX = [area.x, area.x + area.width] as const;
  const alongY = [area.y + area.height, area.y] as const;
  return {
    area,
    bounds,
    x: across ? categoryAxis(names[0], across, ofX, alongX) : acrossAxis(names[0], ofX, alongX, {
      most: tickCount(area.width),
      beyond: marginsOf(options).right,
    }),
    y: upwards
      ? categoryAxis(names[1], upwards, ofY, alongY)
      : linearAxis(names[1], ofY, alongY, tickCount(area.height)),
  };
}

/** Radius and opacity with which `n` dots on a panel of this `area` show their density. */
export function dotStyle(n: number, area: Rect): { radius: number; opacity: number } {
  const crowding = n / (area.width * area.height / 300_000);
  return {
    radius: Math.min(3, Math.max(1.1, 3.2 * (300 / crowding) ** 0.2)),
    opacity: Math.min(0.85, Math.max(0.12, 0.85 * (700 / crowding) ** 0.35)),
  };
}

/** Colour, one for all or one per row, radius and opacity of dots. */
export type DotStyle = Pick<Cloud, "color" | "radius" | "opacity">;

/** The axes of a panel. */
type Axes = Pick<Plane, "x" | "y">;

/**
 * One dot per point, as SVG.
 *
 * @param points [n * 2]
 */
export function dots(plane: Axes, points: ArrayLike<number>, style: DotStyle): string {
  return circles(dotsAt(plane, points, style));
}

function dotsAt({ x, y }: Axes, points: ArrayLike<number>, style: DotStyle) {
  const centres = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    centres[i] = x.at(points[i]!);
    centres[i + 1] = y.at(points[i + 1]!);
  }
  return { ...style, centres };
}

/** The dots of a panel, to be drawn by {@link cloudsIn}. */
export function cloudOf(
  plane: Omit<Plane, "bounds">,
  points: ArrayLike<number>,
  style: DotStyle,
): Cloud {
  return { ...dotsAt(plane, points, style), area: plane.area };
}

/**
 * SVG of the dots of a panel, below its axes. Those of a PNG file are left to `rendered`, which paints
 * `painted` far faster.
 */
export function cloudsIn(
  clouds: readonly [Cloud, ...Cloud[]],
  { format }: PictureOptions,
  painted: Cloud[],
): string {
  if (format === "svg") return clipped(clouds[0].area, clouds.map(circles).join(""));
  painted.push(...clouds);
  return "";
}
