import {
  acrossAxis,
  categoryAxis,
  categoryDomain,
  linearAxis,
  logAxis,
  widened,
} from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  type Axis,
  BELOW_AXIS,
  clipped,
  gridLines,
  heading,
  isOneColumn,
  legend,
  type LegendEntry,
  marginsOf,
  type Rect,
  widestTick,
} from "./drawing/_chart.ts";
import { classColors, ink, timeColor } from "./drawing/_palette.ts";
import { dotStyle, hasOneUnit } from "./drawing/_plane.ts";
import { rendered } from "./drawing/_render.ts";
import { ring } from "./drawing/_ring.ts";
import { element, fontWidth, polyline, svgDocument, textLine, wrapped } from "./drawing/_svg.ts";
import type { PictureOptions } from "./picture.ts";

/** One of a panel's two axes. */
export interface PanelAxis {
  /** Label with the unit, if any: "N", "variance", "|residual|". */
  readonly label: string;
  /** Default linear. On a log axis, values that are not positive leave a gap. */
  readonly scale?: "linear" | "log";
  /** Range with low < high; default: all data plus a margin. */
  readonly range?: readonly [number, number];
  /** Of a linear axis: what the values 0, 1, 2 and so on stand for; all are in its range. */
  readonly categories?: readonly string[];
}

/**
 * A colour: an index into ten hues that are distinguishable with every kind of colour vision
 * (0 blue, 1 orange, 2 red, 3 grey, 4 violet, ...); "ink", dark grey, for ground truth or a
 * prediction; or a time from 0 (orange) to 1 (indigo).
 */
export type PanelColor = number | "ink" | { readonly time: number };

/** A data series of a panel. */
export interface PanelSeries {
  /** Legend entry; default none. */
  readonly label?: string;
  /** Of all marks. */
  readonly color: PanelColor;
  /**
   * `line`, `dashes`: through the points in order, with a gap where one is not finite. `dots`: one
   * per point. `rings`: the same, hollow, with a triangle at the edge for a point above or below the
   * panel. `area`: filled between `low` and `y`. `bars`, `steps`: a histogram with bin centres
   * `x` and heights `y`, filled or as an outline.
   */
  readonly mark: "line" | "dashes" | "dots" | "rings" | "area" | "bars" | "steps";
  /** [n] */
  readonly x: ArrayLike<number>;
  /** [n] */
  readonly y: ArrayLike<number>;
  /** Half-length of the error bar around each y, [n]. */
  readonly yError?: ArrayLike<number>;
  /** Lower edge of an area, [n]; default 0, or the lower end of a log axis. */
  readonly low?: ArrayLike<number>;
  /** Opacity from 0 to 1; default 1 (area 0.25, bars 0.45). */
  readonly opacity?: number;
  /** Line width or dot diameter; the whole plot is about 800 units wide. */
  readonly width?: number;
}

/** One chart of the grid. */
export interface Panel {
  /** Title above the chart. */
  readonly title?: string;
  /** Horizontal axis. */
  readonly x: PanelAxis;
  /** Vertical axis. */
  readonly y: PanelAxis;
  /** Drawn in this order, the first at the bottom. */
  readonly series: readonly PanelSeries[];
  /** Equal axis scales (linear axes only), unless one side is far longer than the other. */
  readonly equalAspect?: boolean;
  /** Sentences below the axis, wrapped to the panel's width. */
  readonly notes?: readonly string[];
}

/** Options of {@link panelsPlot}. */
export interface PanelsOptions extends PictureOptions {
  /** Panels side by side; default 2, or 1 for a single panel. */
  readonly columns?: number;
}

type Scale = "linear" | "log";
type Interval = readonly [number, number];

const TITLE = 13.5, NOTE = 12, NOTE_LINE = 17, COLUMN_GAP = 22, ROW_GAP = 16;

function cssColor(color: PanelColor): string {
  if (color === "ink") return ink.label;
  return typeof color === "number" ? classColors[color]! : timeColor(color.time);
}

function defaultOpacity(mark: PanelSeries["mark"]): number {
  return mark === "area" ? 0.25 : mark === "bars" ? 0.45 : 1;
}

function isShown(value: number, scale: Scale): boolean {
  return Number.isFinite(value) && (scale === "linear" || value > 0);
}

/** Bin edges around centres, at half the smallest distance on the axis's scale. */
function binEdges(centres: ArrayLike<number>, scale: Scale): Interval[] {
  const to = (value: number) => scale === "log" ? Math.log10(value) : value;
  const from = (value: number) => scale === "log" ? 10 ** value : value;
  const places = Float64Array.from(centres, to);
  const sorted = places.filter(Number.isFinite).sort();
  let gap = Infinity;
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i]! > sorted[i - 1]!) gap = Math.min(gap, sorted[i]! - sorted[i - 1]!);
  }
  const half = Number.isFinite(gap) ? gap / 2 : 0.5;
  return Array.from(places, (place) => [from(place - half), from(place + half)]);
}

/** Range of the values that an axis can show; undefined if there are none. */
function extent(values: Iterable<number>, scale: Scale): Interval | undefined {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!isShown(value, scale)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : undefined;
}

function* allX({ series, x }: Panel): Generator<number> {
  for (const { mark, x: places } of series) {
    if (mark === "bars" || mark === "steps") {
      for (const edges of binEdges(places, x.scale ?? "linear")) yield* edges;
    } else yield* Array.from(places);
  }
}

function* allY({ series }: Panel): Generator<number> {
  for (const { mark, y, yError, low } of series) {
    // Fills start at zero, which is part of the range (a log axis ignores it).
    if (mark === "bars" || mark === "steps" || (mark === "area" && !low)) yield 0;
    for (let i = 0; i < y.length; i++) {
      yield y[i]!;
      if (yError) yield* [y[i]! - yError[i]!, y[i]! + yError[i]!];
      if (low) yield low[i]!;
    }
  }
}

/** Domain of an axis: its range if given, else the data with a margin. */
function domainOf(axis: PanelAxis, data: Interval | undefined, stands: boolean): Interval {
  if (axis.range) return axis.range;
  if (axis.categories) return categoryDomain(axis.categories);
  if (axis.scale === "log") {
    if (!data) return [1, 10];
    const [low, high] = widened(Math.log10(data[0]), Math.log10(data[1]), 0.05);
    return [10 ** low, 10 ** high];
  }
  if (!data) return [0, 1];
  const [low, high] = widened(data[0], data[1], 0.05);
  // Fills from zero touch the axis.
  return [stands && data[0] === 0 ? 0 : low, stands && data[1] === 0 ? 0 : high];
}

function domains(panel: Panel, width: number, height: number): { x: Interval; y: Interval } {
  const x = domainOf(panel.x, extent(allX(panel), panel.x.scale ?? "linear"), false);
  const y = domainOf(
    panel.y,
    extent(allY(panel), panel.y.scale ?? "linear"),
    panel.series.some(({ mark }) => mark === "bars" || mark === "steps" || mark === "area"),
  );
  const spanX = x[1] - x[0], spanY = y[1] - y[0];
  if (!panel.equalAspect || !hasOneUnit(spanX, spanY)) return { x, y };
  const unit = Math.min(width / spanX, height / spanY);
  const extraX = (width / unit - spanX) / 2, extraY = (height / unit - spanY) / 2;
  return { x: [x[0] - extraX, x[1] + extraX], y: [y[0] - extraY, y[1] + extraY] };
}

function axisOf(axis: PanelAxis, domain: Interval, range: Interval, tickLength: number): Axis {
  const ticks = Math.max(2, Math.round(Math.abs(range[1] - range[0]) / tickLength));
  if (axis.scale === "log") return logAxis(axis.label, domain, range, ticks);
  if (axis.categories) return categoryAxis(axis.label, axis.categories, domain, range);
  return range[0] < range[1]
    ? acrossAxis(axis.label, domain, range, { most: ticks, beyond: 14 })
    : linearAxis(axis.label, domain, range, ticks);
}

/** @throws {RangeError} If a panel or series is invalid; see {@link panelsPlot}. */
function check(panels: readonly Panel[], columns: number): void {
  if (panels.length === 0) throw new RangeError("panelsPlot: expected at least 1 panel, got none");
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`panelsPlot: expected a whole number of columns, got ${columns}`);
  }
  for (const [i, { x, y, series, title, equalAspect }] of panels.entries()) {
    const place = `panelsPlot: panel ${i + 1}${title === undefined ? "" : ` "${title}"`}`;
    for (const { range, scale = "linear", label } of [x, y]) {
      if (range && !(range[0] < range[1] && range.every((value) => isShown(value, scale)))) {
        throw new RangeError(`${place}: no range for the ${scale} axis "${label}", got ${range}`);
      }
      if (equalAspect && scale === "log") {
        throw new RangeError(`${place}: equal aspect needs linear axes, "${label}" is logarithmic`);
      }
    }
    for (const [j, one] of series.entries()) {
      const n = one.x.length;
      const lengths = [one.y, one.yError, one.low].map((values) => values?.length ?? n);
      if (lengths.some((length) => length !== n)) {
        throw new RangeError(`${place}, series ${j + 1}: ${n} x, but ${lengths} y, yError, low`);
      }
      if (typeof one.color === "number" && classColors[one.color] === undefined) {
        throw new RangeError(`${place}, series ${j + 1}: expected a colour 0-9, got ${one.color}`);
      }
    }
  }
}

function errorBars(series: PanelSeries, x: Axis, y: Axis, floor: number, opacity: number): string {
  const { yError } = series;
  if (!yError) return "";
  let d = "";
  for (let i = 0; i < series.x.length; i++) {
    const at = x.at(series.x[i]!), high = y.at(series.y[i]! + yError[i]!);
    // An error bar that extends below zero on a log axis is clipped at the panel's edge.
    const below = y.at(series.y[i]! - yError[i]!);
    const low = Number.isFinite(below) ? below : floor;
    if (!Number.isFinite(y.at(series.y[i]!)) || !Number.isFinite(at + high)) continue;
    d += polyline([at, low, at, high]) + polyline([at - 3, low, at + 3, low]) +
      polyline([at - 3, high, at + 3, high]);
  }
  const stroke = cssColor(series.color);
  return element("path", {
    d,
    fill: "none",
    stroke,
    "stroke-width": 1.2,
    "stroke-opacity": opacity,
  });
}

/** Closed outlines of a filled curve, one per segment without gaps. */
function filled(x: Float64Array, upper: Float64Array, lower: Float64Array): string {
  let d = "", start = 0;
  for (let i = 0; i <= x.length; i++) {
    if (i < x.length && Number.isFinite(x[i]! + upper[i]! + lower[i]!)) continue;
    const forth: number[] = [], back: number[] = [];
    for (let j = start; j < i; j++) {
      forth.push(x[j]!, upper[j]!);
      back.unshift(x[j]!, lower[j]!);
    }
    if (forth.length > 2) d += `${polyline([...forth, ...back])}Z`;
    start = i + 1;
  }
  return d;
}

function drawSeries(series: PanelSeries, panel: Panel, area: Rect, x: Axis, y: Axis): string {
  const { mark, width, opacity = defaultOpacity(mark) } = series;
  const color = cssColor(series.color);
  const n = series.x.length, floor = area.y + area.height;
  const across = Float64Array.from(series.x, x.at), up = Float64Array.from(series.y, y.at);
  const line = (coordinates: ArrayLike<number>, dashes?: string) =>
    element("path", {
      d: polyline(coordinates),
      fill: "none",
      stroke: color,
      "stroke-width": width ?? 1.8,
      "stroke-opacity": opacity,
      "stroke-linejoin": "round",
      "stroke-dasharray": dashes,
    });
  const points = Array.from(across, (at, i) => [at, up[i]!]);
  const zero = panel.y.scale === "log" ? floor : y.at(0);
  const bins = () =>
    binEdges(series.x, panel.x.scale ?? "linear").map(([left, right]) => [x.at(left), x.at(right)]);
  const errors = errorBars(series, x, y, floor, Math.max(opacity, 0.8));
  switch (mark) {
    case "line":
      return line(points.flat()) + errors;
    case "dashes":
      return line(points.flat(), "6 4") + errors;
    case "dots": {
      const style = dotStyle(n, area);
      const few = n <= 80;
      const radius = width !== undefined ? width / 2 : few ? 3.2 : style.radius;
      const circles = points.filter((point) => point.every(Number.isFinite)).map(([cx, cy]) =>
        element("circle", { cx, cy, r: radius })
      );
      const shown = series.opacity ?? (few ? 1 : style.opacity);
      return errors + element("g", { fill: color, "fill-opacity": shown }, circles);
    }
    case "rings":
      return points.filter((point) => point.every(Number.isFinite)).map(([cx, cy]) =>
        ring({ x: cx!, y: cy! }, area, color)
      ).join("");
    case "area": {
      const lower = series.low ? Float64Array.from(series.low, y.at) : across.map(() => zero);
      const d = filled(across, up, lower);
      return element("path", { d, fill: color, "fill-opacity": opacity }) + errors;
    }
    case "bars": {
      const rects = bins().map(([left, right], i) => {
        const height = Math.abs(zero - up[i]!);
        if (!Number.isFinite(height)) return "";
        // A hairline between neighbouring bars.
        const inset = Math.min(0.4, 0.1 * (right! - left!));
        return element("rect", {
          x: left! + inset,
          y: Math.min(zero, up[i]!),
          width: right! - left! - 2 * inset,
          height,
        });
      });
      return element("g", { fill: color, "fill-opacity": opacity }, rects) + errors;
    }
    case "steps": {
      const outline = bins().flatMap(([left, right], i) => [left!, up[i]!, right!, up[i]!]);
      return line(outline) + errors;
    }
    default:
      return mark satisfies never;
  }
}

function legendEntries(series: readonly PanelSeries[]): LegendEntry[] {
  return series.flatMap(({ label, color, mark, opacity }) => {
    if (label === undefined) return [];
    const shape = {
      line: "line",
      steps: "line",
      dashes: "dashes",
      dots: "dot",
      rings: "ring",
      area: "patch",
      bars: "patch",
    } as const;
    return [{
      label,
      mark: shape[mark],
      color: cssColor(color),
      // Series that are faint because of their many points must stay visible in the legend.
      opacity: Math.max(0.45, opacity ?? defaultOpacity(mark)),
    }];
  });
}

/**
 * Draws charts in a grid, each with a title, a legend above the data, labelled axes and notes
 * below.
 *
 * Values that are not finite (or not positive, on a log axis) leave a gap. A panel without values
 * is drawn empty and says so.
 *
 * The font is Inter. Besides Latin it renders: all Greek letters, ∂ ∫ √ ∑
 * ∏ ∞ ≈ ≠ ≤ ≥ ± × · − → ← ′ ‖ ℓ, superscripts ⁰ to ⁹ ⁺ ⁻ ⁼ ⁽ ⁾ ⁿ ᵗ ˣ, subscripts ₀ to
 * ₉ ₊ ₋ ₐ ₑ ₒ ₓ ₜ ₙ ₘ ₖ ₚ ₛ ᵢ ⱼ. These do not, and print as boxes: ∇ ∝ ∈ ∼ ∥ ⟂ 𝔼 ℝ 𝒩.
 *
 * @param panels One or more, row by row.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If there is no panel, columns of a series differ in length, a range is empty
 *   or invalid for its axis, or a colour index is not 0 to 9.
 */
export function panelsPlot(
  panels: readonly Panel[],
  options: PanelsOptions = {},
): Promise<Uint8Array> {
  const isNarrow = isOneColumn(options);
  const { columns = Math.min(isNarrow ? 1 : 2, panels.length) } = options;
  check(panels, panels.length === 0 ? 1 : columns);
  const edges = marginsOf(options);
  const across = Math.min(columns, panels.length), gaps = (across - 1) * COLUMN_GAP;
  const largest = (values: readonly number[]) => Math.max(0, ...values);
  const heightAt = (width: number, panel: Panel) =>
    panel.equalAspect ? width : Math.round(width * (columns > 1 ? 0.7 : isNarrow ? 0.62 : 0.52));
  const own = columns === 1 ? 620 : columns === 2 ? 350 : 280;
  const marginsAt = (width: number) => {
    const widest = panels.map((panel) => {
      const height = heightAt(width, panel);
      // The panel's position does not affect its labels.
      return widestTick(axisOf(panel.y, domains(panel, width, height).y, [height, 0], 48));
    });
    return Array.from(
      { length: across },
      (_, column) => largest(widest.filter((_, i) => i % columns === column)) + 36,
    );
  };
  const widthBeside = (margins: readonly number[]) =>
    Math.floor(
      (areaWidth(
        options,
        own * across + gaps,
        margins.reduce((a, b) => a + b) + edges.right,
      ) - gaps) / across,
    );
  // Tick labels depend on the width and the width on them: twice is enough.
  const width = widthBeside(marginsAt(widthBeside(marginsAt(own))));
  const margins = marginsAt(width);

  const room = width / fontWidth(options);
  const placed = panels.map((panel, i) => {
    const column = i % columns, row = Math.floor(i / columns), height = heightAt(width, panel);
    const shown = domains(panel, width, height);
    const titles = panel.title === undefined ? [] : wrapped(panel.title, TITLE, room);
    const notes = (panel.notes ?? []).flatMap((note) => wrapped(note, NOTE, room));
    return { panel, column, row, height, shown, titles, notes };
  });
  const leftOf = (column: number) =>
    margins.slice(0, column + 1).reduce((a, b) => a + b) +
    column * (width + COLUMN_GAP);

  const head = heading(options, {
    x: leftOf(0),
    width: leftOf(margins.length - 1) + width - leftOf(0),
  });
  const parts = [head.svg];
  let top = head.height;
  for (let row = 0; row * columns < panels.length; row++) {
    const members = placed.filter((one) => one.row === row);
    const titleHeight = 18 * largest(members.map(({ titles }) => titles.length));
    const legends = members.map(({ panel, column }) =>
      legend(legendEntries(panel.series), { x: leftOf(column), y: top + titleHeight + 4, width })
    );
    const legendHeight = largest(legends.map(({ height }) => height));
    const height = largest(members.map((one) => one.height));
    const y0 = top + titleHeight + legendHeight + 10;
    for (const [i, { panel, column, shown, titles, notes }] of members.entries()) {
      const area = { x: leftOf(column), y: y0, width, height };
      const x = axisOf(panel.x, shown.x, [area.x, area.x + width], 62);
      const y = axisOf(panel.y, shown.y, [y0 + height, y0], 48);
      const drawn = panel.series.map((series) => drawSeries(series, panel, area, x, y));
      const empty = !extent(allX(panel), panel.x.scale ?? "linear") ||
        !extent(allY(panel), panel.y.scale ?? "linear");
      parts.push(
        ...titles.map((line, k) =>
          textLine(line, area.x, top + 13 + 18 * k, { size: TITLE, color: ink.title, weight: 600 })
        ),
        legends[i]!.svg,
        gridLines(area, x, y),
        clipped(area, drawn.join("")),
        axes(area, x, y),
        empty
          ? textLine("no finite value", area.x + width / 2, y0 + height / 2, {
            size: NOTE,
            color: ink.tick,
            anchor: "middle",
          })
          : "",
        ...notes.map((line, k) =>
          textLine(line, area.x, y0 + height + BELOW_AXIS + 10 + NOTE_LINE * k, {
            size: NOTE,
            color: ink.tick,
          })
        ),
      );
    }
    const noteHeight = NOTE_LINE * largest(members.map(({ notes }) => notes.length));
    top = y0 + height + BELOW_AXIS + (noteHeight === 0 ? 0 : noteHeight + 4) + ROW_GAP;
  }
  const right = leftOf(across - 1) + width + edges.right;
  return rendered(svgDocument(right, top - ROW_GAP + 4, parts), options);
}
