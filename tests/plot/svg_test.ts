import assert from "node:assert/strict";
import { curvesPlot } from "../../src/plot/curves_plot.ts";
import { densityPlot } from "../../src/plot/density_plot.ts";
import { onDark } from "../../src/plot/drawing/_scheme.ts";
import { accent, classColors, ink, timeColor } from "../../src/plot/drawing/_palette.ts";
import { pathGrid } from "../../src/plot/image_grid.ts";
import { labelledGrid } from "../../src/plot/labelled_grid.ts";
import { panelsPlot } from "../../src/plot/panels_plot.ts";
import type { PictureOptions } from "../../src/plot/picture.ts";
import { pointsPlot } from "../../src/plot/points_plot.ts";
import { scatterPlot } from "../../src/plot/scatter_plot.ts";
import { snapshotsPlot, trajectoryPlot } from "../../src/plot/trajectory_plot.ts";

/** Points on a spiral, [n * dims], with wide tick labels on the second axis. */
function spiral(dims: number): Float64Array {
  return Float64Array.from(
    { length: 60 * dims },
    (_, i) => Math.cos(i * 1.7) * (i % dims === 1 ? 40_000 : i),
  );
}

const points = spiral(2);
const paths = { states: [points, spiral(2), points], times: [0, 0.5, 1] };
const steps = Array.from({ length: 50 }, (_, i) => i);
const images = new Float32Array(8 * 784).fill(0.5);
const panel = {
  title: "A title that is longer than a narrow panel is wide",
  x: { label: "x" },
  y: { label: "y", scale: "log" },
  series: [{ label: "line", color: 0, mark: "dots", x: steps, y: steps.map((x) => 10 ** x) }],
} as const;

/** Every kind of plot. */
const plots: Readonly<Record<string, (options: PictureOptions) => Promise<Uint8Array>>> = {
  curvesPlot: (options) =>
    curvesPlot({ loss: "nll", steps, trainLoss: steps, evaluations: [], nfe: steps }, options),
  densityPlot: (options) =>
    densityPlot({
      bounds: { xMin: -1, xMax: 1, yMin: -1, yMax: 1 },
      columns: 3,
      rows: 3,
      logDensity: [1, 2, 3, 4, 5, 4, 3, 2, 1],
    }, options),
  histogramPlot: (options) => pointsPlot(spiral(1), { dims: 1, ...options }),
  labelledGrid: (options) =>
    labelledGrid(images, { height: 28, width: 28, columns: 4, rowLabels: ["a", "b"], ...options }),
  panelsPlot: (options) => panelsPlot([panel, panel, panel], options),
  pathGrid: (options) =>
    pathGrid([images, images, images], { height: 28, width: 28, times: [0, 0.5, 1], ...options }),
  scatterMatrix: (options) => pointsPlot(spiral(5), { dims: 5, ...options }),
  scatterPlot: (options) =>
    scatterPlot(points, { reference: { points, label: "data", place: "beside" }, ...options }),
  snapshotsPlot: (options) => snapshotsPlot(paths, options),
  trajectoryPlot: (options) => trajectoryPlot(paths, options),
};

for (const [name, plot] of Object.entries(plots)) {
  Deno.test(`${name}() draws an SVG of the wanted width with legible text`, async () => {
    for (const totalWidth of [358, 688]) {
      const svg = new TextDecoder().decode(await plot({ format: "svg", totalWidth }));
      const [, width, height] = /^<svg [^>]*width="([\d.]+)" height="([\d.]+)"/.exec(svg)!;
      assert.ok(Number(width) <= totalWidth && Number(width) > totalWidth / 3, `${width}`);
      assert.ok(svg.includes(`viewBox="0 0 ${width} ${height}"`));
      const sizes = Array.from(svg.matchAll(/font-size="([\d.]+)"/g), ([, size]) => Number(size));
      assert.ok(Math.min(...sizes) >= 11, `${Math.min(...sizes)}`);
      // Nothing to load, nothing that runs.
      assert.doesNotMatch(svg, /<script|(?:href|src)="(?!data:)/);
    }
  });
}

Deno.test("onDark() gives every colour of a chart enough contrast on a dark page", () => {
  const luminance = (color: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = parseInt(color.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };
  // 4.5 for text and 3 for graphics: WCAG 2.2, 1.4.3 and 1.4.11.
  for (const color of [ink.title, ink.label, ink.tick]) {
    assert.ok(contrast(onDark(color), "#14181e") >= 4.5, color);
    assert.ok(contrast(color, "#fdfdfc") >= 4.5, color);
  }
  const hues = [...Object.values(accent), ...classColors, ...[0, 0.5, 1].map(timeColor)];
  for (const color of hues) assert.ok(contrast(onDark(color), "#14181e") >= 3, color);
});
