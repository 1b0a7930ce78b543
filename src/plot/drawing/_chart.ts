import { ink } from "./_palette.ts";
import type { PictureOptions } from "../picture.ts";
import { ringMark } from "./_ring.ts";
import { element, polyline, shortened, textLine, textWidth, wrapped } from "./_svg.ts";

/** A rectangle in drawing units, y downwards. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A mapping from data to the drawing, with its ticks. */
export interface Axis {
  /** Label with the unit, if any: "step", "NLL (nats)". */
  readonly label: string;
  /** End of the label that says what the ticks are relative to; it is never cut. */
  readonly offset?: string;
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** Size of tick labels. */
export const TICK = 11.5;

/** Size of axis labels and captions of panels. */
export const LABEL = 12.5;

/** Offset of a vertical axis's label beyond the widest tick label, and from there to the edge. */
const TO_LABEL = 22, BESIDE_LABEL = 17;

/** Width of an axis's widest tick label. */
export function widestTick({ ticks }: Axis): number {
  return Math.max(0, ...ticks.map(({ label }) => textWidth(label, TICK)));
}

/** Width of a vertical axis left of its area, at least `least`. */
export function leftOfAxis(y: Axis, least: number): number {
  return Math.max(least, Math.ceil(widestTick(y) + TO_LABEL + BESIDE_LABEL));
}

/** Distance from a colour bar to the baseline of its label. */
function toBarLabel(axis: Axis): number {
  return Math.max(48, widestTick(axis) + 8 + BESIDE_LABEL);
}

/** Width of the tick labels and label to the right of a {@link colorBar}. */
export function rightOfBar(axis: Axis): number {
  return Math.ceil(toBarLabel(axis) + 18);
}

/** Margins of a chart: the least on the left of a vertical axis, and on the right. */
export function marginsOf(
  { totalWidth }: PictureOptions,
): { readonly left: number; readonly right: number } {
  // A chart of its own width starts where the others do; one that must fit has no room for that.
  return totalWidth === undefined ? { left: 68, right: 26 } : { left: 0, right: 14 };
}

/** Width that remains for a chart's area beside its margins, or its own if no width is wanted. */
export function areaWidth(
  { totalWidth }: PictureOptions,
  own: number,
  margins: number,
): number {
  return totalWidth === undefined ? own : Math.max(120, Math.floor(totalWidth - margins));
}

/** Total width from which two panels stand side by side. */
const SIDE_BY_SIDE = 560;

/** Total width below which a chart is one for a phone. */
const PHONE = 480;

/** Whether two panels go below each other. */
export function isOneColumn({ totalWidth = Infinity }: PictureOptions): boolean {
  return totalWidth < SIDE_BY_SIDE;
}

/** Whether margins, gaps and words have to be short. */
export function isForPhone({ totalWidth = Infinity }: PictureOptions): boolean {
  return totalWidth < PHONE;
}

/** Height of the tick labels and label below a horizontal axis. */
export const BELOW_AXIS = 50;

/** Lines of one colour as one element: the rasteriser takes longer for many than for long ones. */
function thinLines(lines: readonly (readonly [number, number, number, number])[], color: string) {
  if (lines.length === 0) return "";
  const d = lines.map(polyline).join("");
  return element("path", { d, fill: "none", stroke: color, "stroke-width": 1 });
}

/** Grid lines behind the data, one per tick. */
export function gridLines(area: Rect, x: Axis, y: Axis): string {
  const right = area.x + area.width, bottom = area.y + area.height;
  return thinLines([
    ...x.ticks.map(({ value }) => [x.at(value), area.y, x.at(value), bottom] as const),
    ...y.ticks.map(({ value }) => [area.x, y.at(value), right, y.at(value)] as const),
  ], ink.grid);
}

/** Axis lines, tick labels and axis labels, left of and below the area. */
export function axes(area: Rect, x: Axis, y: Axis): string {
  const bottom = area.y + area.height, middle = area.y + area.height / 2;
  const tickStyle = { size: TICK, color: ink.tick };
  return [
    thinLines([
      [area.x, bottom, area.x + area.width, bottom],
      [area.x, area.y, area.x, bottom],
      ...x.ticks.map(({ value }) => [x.at(value), bottom, x.at(value), bottom + 4] as const),
      ...y.ticks.map(({ value }) => [area.x - 4, y.at(value), area.x, y.at(value)] as const),
    ], ink.axis),
    ...x.ticks.map(({ value, label }) =>
      textLine(label, x.at(value), bottom + 18, { ...tickStyle, anchor: "middle" })
    ),
    ...y.ticks.map(({ value, label }) =>
      textLine(label, area.x - 8, y.at(value) + 4, { ...tickStyle, anchor: "end" })
    ),
    textLine(axisLabel(x, area.width), area.x + area.width / 2, bottom + 39, {
      size: LABEL,
      color: ink.label,
      anchor: "middle",
    }),
    textLine(axisLabel(y, area.height), area.x - TO_LABEL - widestTick(y), middle, {
      size: LABEL,
      color: ink.label,
      anchor: "middle",
      // A single letter with an index is easier to read unrotated.
      rotate: y.label.length > 2 ? -90 : undefined,
    }),
  ].join("");
}

function axisLabel({ label, offset = "" }: Axis, room: number): string {
  const name = label.slice(0, label.length - offset.length);
  return `${shortened(name, LABEL, room - textWidth(offset, LABEL))}${offset}`;
}

/** Clips `content` to the area: 80 ms of the rasteriser's time for a large one. */
export function clipped(area: Rect, content: string): string {
  const id = `clip-${Math.round(area.x)}-${Math.round(area.y)}`;
  return element("clipPath", { id }, [element("rect", { ...area })]) +
    // The invisible rectangle keeps the group on the page: resvg panics ("unreachable") on a
    // clipped group that is entirely outside it. An `opacity` on the group would undo this.
    element("g", { "clip-path": `url(#${id})` }, [
      element("rect", { ...area, fill: "#ffffff", "fill-opacity": 0 }),
      content,
    ]);
}

/** Reach beyond every edge of a page. */
const PAGE = 10_000;

/**
 * `content` cut at the edges of the area. In a PNG file paper covers what leaves it by up to `reach`,
 * since a clip takes longer than what it cuts: draw what stands around the area after it.
 */
export function cutOut(
  area: Rect,
  content: string,
  { format, reach = PAGE }: Pick<PictureOptions, "format"> & { readonly reach?: number },
): string {
  if (format === "svg") return clipped(area, content);
  const { x, y, width, height } = area;
  const across = { x: x - reach, width: width + 2 * reach };
  const paper = [
    { ...across, y: y - reach, height: reach },
    { ...across, y: y + height, height: reach },
    { x: x - reach, y, width: reach, height },
    { x: x + width, y, width: reach, height },
  ];
  return content + paper.map((rect) => element("rect", { ...rect, fill: "#ffffff" })).join("");
}

/** Title and subtitle, wrapped to `width`; `height` is the space they take at the top. */
export function heading(
  { title, subtitle }: PictureOptions,
  { x, width }: { readonly x: number; readonly width: number },
): { readonly height: number; readonly svg: string } {
  let height = 18, svg = "";
  const lines = (words: string | undefined, size: number) =>
    words === undefined
      ? []
      : wrapped(words, size, width).map((line) => shortened(line, size, width));
  lines(title, 16).forEach((line, i) => {
    height += i === 0 ? 16 : 21;
    svg += textLine(line, x, height, { size: 16, color: ink.title, weight: 600 });
  });
  lines(subtitle, 12.5).forEach((line, i) => {
    height += i === 0 ? 20 : 17;
    svg += textLine(line, x, height, { size: 12.5, color: ink.tick });
  });
  return { height: svg === "" ? height : height + 16, svg };
}

/** A caption above a panel. */
export function panelCaption(words: string, area: Rect): string {
  return textLine(shortened(words, LABEL, area.width), area.x + area.width / 2, area.y - 10, {
    size: LABEL,
    color: ink.label,
    anchor: "middle",
  });
}

/** One entry of a legend. */
export interface LegendEntry {
  readonly label: string;
  /** `ring`, `above`, `below`: hollow dots, triangles that point to values outside the area. */
  readonly mark: "dot" | "ring" | "above" | "below" | "line" | "dashes" | "patch";
  readonly color: string;
  readonly opacity?: number;
}

/** A legend starting at `x`, wrapped to `width`. */
export function legend(
  entries: readonly LegendEntry[],
  place: { readonly x: number; readonly y: number; readonly width: number },
): { readonly height: number; readonly svg: string } {
  const LINE = 20;
  let x = place.x, y = place.y + 9, svg = "";
  for (const { label, mark, color, opacity = 1 } of entries) {
    const markWidth = mark === "line" || mark === "dashes" || mark === "patch" ? 20 : 9;
    const width = markWidth + 7 + textWidth(label, 12) + 20;
    if (x > place.x && x + width - 20 > place.x + place.width) {
      x = place.x;
      y += LINE;
    }
    svg += mark === "dot"
      ? element("circle", { cx: x + 4.5, cy: y, r: 4.5, fill: color, "fill-opacity": opacity })
      : mark === "ring" || mark === "above" || mark === "below"
      ? ringMark(x + 4.5, y, mark === "ring" ? "inside" : mark, color)
      : mark === "patch"
      ? element("rect", {
        x,
        y: y - 5,
        width: markWidth,
        height: 10,
        fill: color,
        "fill-opacity": opacity,
      })
      : element("line", {
        x1: x,
        y1: y,
        x2: x + markWidth,
        y2: y,
        stroke: color,
        "stroke-opacity": opacity,
        "stroke-width": 2,
        "stroke-dasharray": mark === "dashes" ? "5 3" : undefined,
      });
    svg += textLine(label, x + markWidth + 7, y + 4.2, { size: 12, color: ink.label });
    x += width;
  }
  return { height: entries.length === 0 ? 0 : y - place.y + LINE, svg };
}

/** A vertical colour bar with ticks and label on its right. */
export function colorBar(
  area: Rect,
  color: (share: number) => string,
  axis: Axis,
): string {
  const SLICES = 64;
  const slices = Array.from({ length: SLICES }, (_, i) => {
    // Slices overlap slightly, or hairlines would show between them.
    const y = area.y + area.height * (1 - (i + 1) / SLICES);
    return element("rect", {
      x: area.x,
      y,
      width: area.width,
      height: area.height / SLICES + (i === 0 ? 0 : 0.6),
      fill: color((i + 0.5) / SLICES),
    });
  });
  return [
    ...slices,
    element("rect", { ...area, fill: "none", stroke: ink.axis, "stroke-width": 0.75 }),
    ...axis.ticks.map(({ value, label }) =>
      element("line", {
        x1: area.x + area.width,
        y1: axis.at(value),
        x2: area.x + area.width + 4,
        y2: axis.at(value),
        stroke: ink.axis,
      }) +
      textLine(label, area.x + area.width + 8, axis.at(value) + 4, { size: TICK, color: ink.tick })
    ),
    textLine(axis.label, area.x + area.width + toBarLabel(axis), area.y + area.height / 2, {
      size: LABEL,
      color: ink.label,
      anchor: "middle",
      rotate: -90,
    }),
  ].join("");
}
