import { linearAxis } from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  BELOW_AXIS,
  clipped,
  colorBar,
  gridLines,
  heading,
  isForPhone,
  isOneColumn,
  leftOfAxis,
  legend,
  marginsOf,
  panelCaption,
  rightOfBar,
} from "./drawing/_chart.ts";
import { accent, ink, timeColor } from "./drawing/_palette.ts";
import {
  boundsOfAll,
  checkPoints,
  cloudOf,
  cloudsIn,
  dots,
  dotStyle,
  fitPlane,
  middleOf,
} from "./drawing/_plane.ts";
import type { Cloud } from "./drawing/_clouds.ts";
import { rendered } from "./drawing/_render.ts";
import { element, round, svgDocument } from "./drawing/_svg.ts";
import type { CoordinateOptions, PictureOptions } from "./picture.ts";

/** Trajectories of points from noise to data. */
export interface Paths {
  /** One cloud [n * 2] per time, noise first. */
  readonly states: readonly ArrayLike<number>[];
  /** Time of each state, ascending (flow matching) or descending (a CNF, whose prior is at 1). */
  readonly times: readonly number[];
}

/** @throws {RangeError} If there are fewer than two states, or sizes or times do not match. */
function checkPaths({ states, times }: Paths): number {
  if (states.length !== times.length || states.length < 2) {
    throw new RangeError(
      `plot: expected 2 or more states with one time each, got ${states.length} and ${times.length}`,
    );
  }
  const n = checkPoints(states[0]!, 2);
  for (const state of states) {
    if (checkPoints(state, 2) !== n) {
      throw new RangeError(`plot: expected states of ${n} points, got one of ${state.length / 2}`);
    }
  }
  return n;
}

/** Start and end of a time axis, which may be descending. */
function ends(times: readonly number[]): readonly [number, number] {
  return [times[0]!, times.at(-1)!];
}

/**
 * Plots trajectories from noise to data: one line per point, coloured by time, with a dot at each
 * end.
 *
 * One to two hundred points are distinguishable; use enough times for smooth lines (30 or more).
 *
 * @returns A PNG or SVG file.
 * @throws {RangeError} If the states differ in size, or one is not finite.
 */
export function trajectoryPlot(
  paths: Paths,
  options: PictureOptions & CoordinateOptions = {},
): Promise<Uint8Array> {
  const { states, times } = paths;
  const n = checkPaths(paths);
  const BAR = 14, TO_BAR = isForPhone(options) ? 10 : 22;
  const bounds = boundsOfAll(states, options);
  const [first, last] = ends(times);
  const timeAxis = (bottom: number, top: number) =>
    linearAxis("time t", [first, last], [bottom, top], 5);
  const margins = marginsOf(options), right = TO_BAR + BAR + rightOfBar(timeAxis(1, 0));
  const guess = areaWidth(options, 540, right);
  const left = leftOfAxis(
    fitPlane(bounds, { x: 0, y: 0, width: guess }, options).y,
    margins.left,
  );
  const width = areaWidth(options, 540, left + right);
  const head = heading(options, { x: left, width });
  const share = (t: number) => (t - first) / (last - first);
  const named = legend([
    { label: `noise, t = ${first}`, mark: "dot", color: timeColor(0) },
    { label: `sample, t = ${last}`, mark: "dot", color: timeColor(1) },
  ], { x: left, y: head.height, width });
  const plane = fitPlane(bounds, {
    x: left,
    y: head.height + named.height + 6,
    width,
  }, options);
  const { area, x, y } = plane;

  // One path per time interval: all its segments share a colour.
  const opacity = Math.min(0.8, Math.max(0.15, 0.8 * (60 / n) ** 0.5));
  const pieces = states.slice(1).map((to, k) => {
    const from = states[k]!;
    let d = "";
    for (let i = 0; i < 2 * n; i += 2) {
      d += `M${round(x.at(from[i]!))} ${round(y.at(from[i + 1]!))}` +
        `L${round(x.at(to[i]!))} ${round(y.at(to[i + 1]!))}`;
    }
    return element("path", { d, stroke: timeColor(share((times[k]! + times[k + 1]!) / 2)) });
  });
  const lines = element("g", {
    fill: "none",
    "stroke-width": 1.1,
    "stroke-opacity": opacity,
  }, pieces);
  const style = { ...dotStyle(n, area), opacity: 0.9 };
  const starts = dots(plane, states[0]!, {
    ...style,
    radius: style.radius * 0.6,
    color: timeColor(0),
  });
  const stops = dots(plane, states.at(-1)!, {
    ...style,
    radius: style.radius * 0.85,
    color: timeColor(1),
  });

  const bar = { x: area.x + width + TO_BAR, y: area.y, width: BAR, height: area.height };
  const barAxis = timeAxis(bar.y + bar.height, bar.y);
  return rendered(
    svgDocument(left + width + right, area.y + area.height + BELOW_AXIS, [
      head.svg,
      named.svg,
      gridLines(area, x, y),
      clipped(area, lines + starts + stops),
      axes(area, x, y),
      colorBar(bar, timeColor, barAxis),
    ]),
    options,
  );
}

/** Options of {@link snapshotsPlot}. */
export interface SnapshotsOptions extends PictureOptions, CoordinateOptions {
  /** A last panel with the data that the last cloud is compared with, [m * 2]. */
  readonly data?: { readonly points: ArrayLike<number>; readonly label: string };
}

/**
 * Plots the cloud at a few times, side by side on the same axes, from noise to data. The panels
 * show all of the last cloud, and the noise within its 1st and 99th percentiles: outliers would
 * shrink everything else.
 *
 * @param paths Three to eight states of many points.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If the states differ in size, or one is not finite.
 */
export function snapshotsPlot(
  paths: Paths,
  options: SnapshotsOptions = {},
): Promise<Uint8Array> {
  const { states, times } = paths;
  const { data } = options;
  checkPaths(paths);
  if (data !== undefined) checkPoints(data.points, 2);
  const isNarrow = isOneColumn(options);
  const LEFT = options.totalWidth === undefined ? 24 : 1, GAP = isNarrow ? 8 : 14;
  const [first, last] = ends(times);
  const clouds = states.map((points, k) => ({
    points,
    label: `t = ${round(times[k]!)}`,
    color: timeColor((times[k]! - first) / (last - first)),
  }));
  const shown = data === undefined ? clouds : [...clouds, { ...data, color: accent.orange }];
  // On a narrow page the panels take two or three rows.
  const columns = isNarrow ? Math.min(shown.length, 2) : shown.length;
  const gaps = (columns - 1) * GAP;
  const side = (areaWidth(options, columns * 190 + gaps, 2 * LEFT) - gaps) / columns;
  const width = columns * side + gaps;
  const head = heading(options, { x: LEFT, width });
  const top = head.height + 20;
  const compared = [middleOf(states[0]!), states.at(-1)!];
  const bounds = boundsOfAll(data === undefined ? compared : [...compared, data.points], options);
  const { height } = fitPlane(bounds, { x: 0, y: 0, width: side }, options).area;
  const painted: Cloud[] = [];
  const panels = shown.map(({ points, label, color }, k) => {
    const plane = fitPlane(bounds, {
      x: LEFT + (k % columns) * (side + GAP),
      y: top + Math.floor(k / columns) * (height + 30),
      width: side,
    }, options);
    const style = dotStyle(points.length / 2, plane.area);
    return [
      panelCaption(label, plane.area),
      cloudsIn(
        [cloudOf(plane, points, { radius: style.radius * 0.8, opacity: style.opacity, color })],
        options,
        painted,
      ),
      element("rect", { ...plane.area, fill: "none", stroke: ink.axis, "stroke-width": 0.75 }),
    ].join("");
  });
  const rows = Math.ceil(shown.length / columns);
  return rendered(
    svgDocument(2 * LEFT + width, top + rows * (height + 30) - 30 + LEFT, [head.svg, ...panels]),
    options,
    painted,
  );
}
