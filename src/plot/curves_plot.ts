import { linearAxis, logAxis } from "./drawing/_axis.ts";
import {
  areaWidth,
  axes,
  type Axis,
  BELOW_AXIS,
  cutOut,
  gridLines,
  heading,
  leftOfAxis,
  legend,
  type LegendEntry,
  marginsOf,
  type Rect,
} from "./drawing/_chart.ts";
import { accent, classColors, ink } from "./drawing/_palette.ts";
import { rendered } from "./drawing/_render.ts";
import { ring } from "./drawing/_ring.ts";
import { denseBands } from "./drawing/_dense_bands.ts";
import { element, polyline, svgDocument } from "./drawing/_svg.ts";
import { type LossScale, lossScale, shownEvaluations } from "./loss_scale.ts";
import type { PictureOptions } from "./picture.ts";

/** The columns of a training log. */
export interface TrainingCurves {
  /**
   * `nll`: negative log-likelihood in nats; may be negative, differences matter. `squaredError`: a
   * mean squared error; ratios matter.
   */
  readonly loss: "nll" | "squaredError";
  /** [n], ascending. */
  readonly steps: ArrayLike<number>;
  /** Loss of each step's batch, [n]. */
  readonly trainLoss: ArrayLike<number>;
  /** Test losses, and validation losses if there are any, at some of the steps. */
  readonly evaluations: readonly {
    readonly step: number;
    readonly testLoss: number;
    readonly validationLoss?: number;
  }[];
  /** Step of the weights that were kept, if validation chose them. */
  readonly bestStep?: number;
  /** NFE of each step's forward solve, [n]; drawn in a separate panel. */
  readonly nfe?: ArrayLike<number>;
  /** Lower bound of the loss, such as the true density's NLL on the test points. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/** Block length of the precomputed sums: 20,001 values per step take half a minute for a million steps. */
const BLOCK = 64;

/**
 * Sums and counts of the finite values: from the start of each one's block, to the block's end, and of
 * whole blocks.
 */
function blockSums(values: ArrayLike<number>) {
  const n = values.length;
  const before = { sums: new Float64Array(n + 1), counts: new Float64Array(n + 1) };
  const from = { sums: new Float64Array(n + 1), counts: new Float64Array(n + 1) };
  for (let i = 1; i <= n; i++) {
    if (i % BLOCK === 0) continue; // a block of its own begins
    const value = values[i - 1]!, isFinite = Number.isFinite(value);
    before.sums[i] = before.sums[i - 1]! + (isFinite ? value : 0);
    before.counts[i] = before.counts[i - 1]! + (isFinite ? 1 : 0);
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = values[i]!, isFinite = Number.isFinite(value), isLast = (i + 1) % BLOCK === 0;
    from.sums[i] = (isLast ? 0 : from.sums[i + 1]!) + (isFinite ? value : 0);
    from.counts[i] = (isLast ? 0 : from.counts[i + 1]!) + (isFinite ? 1 : 0);
  }
  const blocks = {
    sums: from.sums.filter((_, i) => i % BLOCK === 0),
    counts: from.counts.filter((_, i) => i % BLOCK === 0),
  };
  return { before, from, blocks };
}

/** Window of the moving mean of a run's `n` losses: a fiftieth of the run, rounded to an odd number. */
export function smoothingWindow(n: number): number {
  return 2 * Math.floor(n / 100) + 1;
}

/** Centred moving mean over up to `window` values, ignoring those that are not finite. */
export function movingMean(values: ArrayLike<number>, window: number): Float64Array {
  const half = Math.floor(window / 2);
  const { before, from, blocks } = blockSums(values);
  const means = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    // At the start the window stays symmetric, or the mean would anticipate the falling loss; at
    // the end, where the loss is flat, it is one-sided, or the mean would get noisy.
    const most = Math.min(half, i);
    const start = i - most, end = i + Math.min(most, values.length - 1 - i) + 1;
    const first = Math.ceil(start / BLOCK), last = Math.floor(end / BLOCK);
    let sum = 0, count = 0;
    if (first > last) { // inside a block
      for (let at = start; at < end; at++) {
        if (!Number.isFinite(values[at]!)) continue;
        sum += values[at]!;
        count++;
      }
    } else {
      if (start % BLOCK !== 0) {
        sum = from.sums[start]!;
        count = from.counts[start]!;
      }
      // Blocks are added up: differences of sums from the first step on would keep the rounding of
      // large losses that are not in the window.
      for (let block = first; block < last; block++) {
        sum += blocks.sums[block]!;
        count += blocks.counts[block]!;
      }
      sum += before.sums[end]!;
      count += before.counts[end]!;
    }
    means[i] = sum / count;
  }
  return means;
}

const WIDTH = 620, GAP = 22;

/** Colour of validation losses. */
const VALIDATION = classColors[4];

/** Losses over rows that do not train: before training, and after steps. */
interface EvaluatedSeries {
  readonly name: string;
  readonly color: string;
  /** NaN if there is none. */
  readonly start: number;
  readonly shown: readonly { readonly step: number; readonly loss: number }[];
}

function evaluatedSeries(evaluations: TrainingCurves["evaluations"]): EvaluatedSeries[] {
  const { before, trained } = shownEvaluations(evaluations);
  return [
    { name: "test set", color: accent.orange, at: 0 },
    { name: "validation rows", color: VALIDATION, at: 1 },
  ].map(({ name, color, at }) => ({
    name,
    color,
    start: before === undefined ? NaN : lossesOf(before)[at]!,
    shown: trained.map((one) => ({ step: one.step, loss: lossesOf(one)[at]! }))
      .filter(({ loss }) => Number.isFinite(loss)),
  }));
}

function scaleOf({ loss, trainLoss, evaluations, reference }: TrainingCurves): LossScale {
  const { before, trained } = shownEvaluations(evaluations);
  return lossScale({
    loss,
    curves: trainLoss,
    whole: [...trained.flatMap(lossesOf), ...(reference ? [reference.value] : [])],
    before: before === undefined ? [] : lossesOf(before),
  });
}

function lossAxis(loss: TrainingCurves["loss"], { scale, range }: LossScale, area: Rect): Axis {
  const label = loss === "nll" ? "NLL (nats)" : "mean squared error";
  const across = [area.y + area.height, area.y] as const;
  return scale === "log" ? logAxis(label, range, across) : linearAxis(label, range, across, 6);
}

function lossesOf({ testLoss, validationLoss = NaN }: TrainingCurves["evaluations"][number]) {
  return [testLoss, validationLoss];
}

/**
 * Plots a training run: the loss of every step (faint) and its moving mean, the test and validation
 * losses, the step of the kept weights, the reference, and in a second panel the NFE per solve.
 *
 * Losses before training are rings, which no line joins to the others, or triangles at the edge
 * where they are far from the rest; the legend has their values. The axis is that of
 * {@link lossScale}.
 *
 * @returns A PNG or SVG file.
 * @throws {RangeError} If no step has a finite loss, or columns differ in length.
 */
export function curvesPlot(
  curves: TrainingCurves,
  options: PictureOptions = {},
): Promise<Uint8Array> {
  const { steps, trainLoss, evaluations, bestStep, nfe, reference } = curves;
  const n = steps.length;
  if (trainLoss.length !== n || (nfe !== undefined && nfe.length !== n)) {
    throw new RangeError(
      `curvesPlot: expected ${n} losses, one per step, got ${trainLoss.length}` +
        (nfe === undefined ? "" : ` (and ${nfe.length} NFE)`),
    );
  }
  if (!Array.from(trainLoss).some(Number.isFinite)) {
    throw new RangeError(`curvesPlot: none of ${n} losses is finite`);
  }
  const margins = marginsOf(options);
  const scale = scaleOf(curves);
  const left = leftOfAxis(
    lossAxis(curves.loss, scale, { x: 0, y: 0, width: WIDTH, height: 320 }),
    margins.left,
  );
  const width = areaWidth(options, WIDTH, left + margins.right);
  const window = smoothingWindow(n);
  const head = heading(options, { x: left, width });
  const entries: LegendEntry[] = [
    { label: "training batch", mark: "line", color: accent.blue, opacity: window > 1 ? 0.3 : 1 },
  ];
  if (window > 1) {
    entries.push({ label: `mean of ${window} steps`, mark: "line", color: accent.blue });
  }
  const evaluated = evaluatedSeries(evaluations);
  for (const { name, color, start, shown } of evaluated) {
    if (shown.length > 0) entries.push({ label: name, mark: "dot", color });
    if (Number.isFinite(start)) {
      const label = `${name} before training: ${Number(start.toPrecision(4))}`;
      const [low, high] = scale.range;
      entries.push({ label, mark: start > high ? "above" : start < low ? "below" : "ring", color });
    }
  }
  if (bestStep !== undefined) {
    entries.push({ label: `kept weights, step ${bestStep}`, mark: "dashes", color: VALIDATION });
  }
  if (reference) entries.push({ label: reference.label, mark: "dashes", color: ink.tick });
  const named = legend(entries, { x: left, y: head.height, width });
  const isNarrow = width < 400;
  const area = {
    x: left,
    y: head.height + named.height + 8,
    width,
    height: isNarrow ? 230 : options.totalWidth === undefined ? 320 : 270,
  };
  const second = { x: left, y: area.y + area.height + GAP, width, height: isNarrow ? 90 : 110 };

  const lastStep = Math.max(steps[n - 1]!, ...evaluations.map(({ step }) => step));
  const firstStep = Math.min(0, steps[0]!);
  const span = lastStep - firstStep;
  const x = linearAxis(
    "training step",
    [firstStep, lastStep + 0.012 * span],
    [left, left + width],
    Math.min(8, Math.round(width / 75), span), // no ticks between steps
  );
  const silentX = { ...x, label: "", ticks: [] };
  const y = lossAxis(curves.loss, scale, area);
  const across = Float64Array.from(steps, x.at);
  const line = (values: Float64Array, at: Axis, thickness: number, opacity = 1) => {
    const ys = values.map(at.at);
    // A column is two pixels of a PNG file: what the rasteriser pays for is the height of its edges.
    const bands = denseBands(across, ys, { columns: width, thickness });
    if (bands !== null) {
      const d = bands.map((band) => `${polyline(band)}Z`).join("");
      return element("path", { d, fill: accent.blue, "fill-opacity": opacity });
    }
    return element("path", {
      d: polyline(Array.from(across, (value, i) => [value, ys[i]!]).flat()),
      fill: "none",
      stroke: accent.blue,
      "stroke-width": thickness,
      "stroke-opacity": opacity,
      "stroke-linejoin": "round",
    });
  };

  const raw = Float64Array.from(trainLoss);
  const marks = [
    window > 1 ? line(raw, y, 1, 0.28) : line(raw, y, 1.8),
  ];
  if (window > 1) {
    marks.push(line(movingMean(raw, window), y, 1.8));
  }
  for (const { color, shown } of evaluated) {
    marks.push(
      element("path", {
        d: polyline(shown.flatMap(({ step, loss }) => [x.at(step), y.at(loss)])),
        fill: "none",
        stroke: color,
        "stroke-width": 1.4,
        "stroke-opacity": 0.7,
      }),
      ...shown.map(({ step, loss }) =>
        element("circle", {
          cx: x.at(step),
          cy: y.at(loss),
          r: shown.length > 60 ? 2 : 3.4,
          fill: color,
          stroke: "#ffffff",
          "stroke-width": 1,
        })
      ),
    );
  }
  if (bestStep !== undefined) {
    marks.push(element("line", {
      x1: x.at(bestStep),
      x2: x.at(bestStep),
      y1: area.y,
      y2: area.y + area.height,
      stroke: VALIDATION,
      "stroke-width": 1.4,
      "stroke-dasharray": "6 4",
    }));
  }
  const level = reference
    ? element("line", {
      x1: left,
      x2: left + width,
      y1: y.at(reference.value),
      y2: y.at(reference.value),
      stroke: ink.tick,
      "stroke-width": 1.4,
      "stroke-dasharray": "6 4",
    })
    : "";
  const parts = [
    gridLines(area, x, y),
    cutOut(area, level + marks.join(""), options),
    head.svg,
    named.svg,
    axes(area, nfe ? silentX : x, y),
    // Step 0 is at the edge, where the area's clip would leave half of a mark.
    ...evaluated.filter(({ start }) => Number.isFinite(start)).map(({ start, color }) =>
      ring({ x: x.at(0), y: y.at(start) }, area, color)
    ),
  ];
  let bottom = area.y + area.height;
  if (nfe) {
    const counts = Float64Array.from(nfe);
    const most = counts.reduce((a, b) => Number.isFinite(b) ? Math.max(a, b) : a, 1);
    const nfeAxis = linearAxis(
      "NFE per solve",
      [0, 1.1 * most],
      [second.y + second.height, second.y],
      3,
    );
    parts.push(
      gridLines(second, x, nfeAxis),
      line(counts, nfeAxis, 1.4),
      axes(second, x, nfeAxis),
    );
    bottom = second.y + second.height;
  }
  return rendered(
    svgDocument(left + width + margins.right, bottom + BELOW_AXIS, parts),
    options,
  );
}
