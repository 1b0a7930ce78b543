import assert from "node:assert/strict";
import { densityPlot } from "../../src/plot/density_plot.ts";
import { accent, ink } from "../../src/plot/drawing/_palette.ts";
import { textWidth } from "../../src/plot/drawing/_svg.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { pointsPlot } from "../../src/plot/points_plot.ts";
import { scatterPlot } from "../../src/plot/scatter_plot.ts";
import { snapshotsPlot } from "../../src/plot/trajectory_plot.ts";
import { coordinatesOf, pictureTitle } from "../../src/report/pictures/captions.ts";
import { fillNormal } from "../../src/core/random/random.ts";

const svgOf = async (plot: Promise<Uint8Array>) => new TextDecoder().decode(await plot);
const svg = { format: "svg" } as const;
const normal = (dims: number, index: number) =>
  fillNormal({ seed: 0, stream: 255, subsequence: index }, 0, new Float64Array(300 * dims));

/** The words of a drawing, in order. */
function wordsOf(drawing: string): string[] {
  return Array.from(drawing.matchAll(/<text [^>]*>([^<]*)</g), ([, words]) => words!);
}

/** Grid lines and axes: everything that says what a place in the drawing means. */
const frameOf = (drawing: string) =>
  Array.from(
    drawing.matchAll(
      new RegExp(`<path d="[^"]*" fill="none" stroke="(?:${ink.grid}|${ink.axis})"`, "g"),
    ),
    ([path]) => path,
  );

Deno.test("titles say the model, the data without folders and the step", () => {
  const cnf = { model: "cnf", net: "mlp", data: "moons" } as const;
  assert.equal(pictureTitle(cnf, 3000), "CNF on moons, step 3000");
  assert.equal(
    pictureTitle({ model: "fm", net: "unet", data: "mnist" }, 7496),
    "Flow matching (U-Net) on mnist, step 7496",
  );
  const table = { ...cnf, data: "/home/ann/my data/incomes.csv" };
  assert.equal(pictureTitle(table, 12), "CNF on incomes.csv, step 12");
  assert.equal(pictureTitle({ ...cnf, data: "-" }, 12), "CNF on standard input, step 12");
});

Deno.test("built-in data have equal scales, tables their own and their names", () => {
  const columns = [
    { name: "income", number: 2, kind: "real" },
    { name: null, number: 3, kind: "real" },
  ] as const;
  assert.deepEqual(coordinatesOf({ data: "moons" }, null), { scales: "equal" });
  assert.deepEqual(coordinatesOf({ data: "a.csv" }, columns), {
    scales: "own",
    names: ["income", "column 3"],
  });
});

Deno.test("scatterPlot() of a table leaves out a few distant points, and says how many", async () => {
  const incomes = normal(2, 1).map((value, i) => i % 2 === 0 ? 40_000 + 9000 * value : 3 * value);
  const table = { scales: "own", names: ["income", "years"], label: "people", ...svg } as const;
  const plain = wordsOf(await svgOf(scatterPlot(incomes, table)));
  assert.ok(plain.includes("income") && plain.includes("years") && plain.includes("people"));
  const millions = Float64Array.of(...incomes, 9e6, 0);
  const words = wordsOf(await svgOf(scatterPlot(millions, table)));
  assert.ok(words.includes("people, 1 outside the frame"), words.join("; "));
  assert.ok(!words.some((word) => word.endsWith("000,000")), words.join("; "));
  // With equal scales, as of built-in data, nothing is left out.
  const all = wordsOf(await svgOf(scatterPlot(millions, { label: "people", ...svg })));
  assert.ok(all.includes("people"), all.join("; "));
});

for (const dims of [1, 2, 3]) {
  Deno.test(`pointsPlot() in ${dims} dimensions has the frame that it is given`, async () => {
    const frame = normal(dims, 2);
    const draw = async (points: Float64Array) =>
      await svgOf(pointsPlot(points, { dims, frame, scales: "own", ...svg }));
    const near = await draw(normal(dims, 3));
    // An axis of densities follows the bars, so a line of values is compared as it is.
    const far = await draw(normal(dims, 3).map((value, i) => i < dims ? 50 * value : value));
    assert.ok(frameOf(near).length > 0);
    if (dims > 1) assert.deepEqual(frameOf(far), frameOf(near));
    const ticks = (drawing: string) =>
      wordsOf(drawing).filter((word) => /^[−\d]/.test(word) && !word.includes("."));
    assert.deepEqual(ticks(far), ticks(near));
    if (dims > 1) assert.match(wordsOf(far)[0]!, /outside the frame$/);
  });
}

Deno.test("pointsPlot() of more dimensions has the data above the diagonal, on the same axes", async () => {
  const drawing = await svgOf(pointsPlot(normal(7, 4), {
    dims: 7,
    names: ["a", "b", "c", "d", "e", "f", "g"],
    label: "300 samples",
    reference: { points: normal(7, 5), label: "300 test points" },
    ...svg,
  }));
  const words = wordsOf(drawing);
  assert.ok(words.includes("300 samples (below the diagonal)"));
  assert.ok(words.includes("300 test points (above it; outlined on it)"));
  assert.ok(words.includes("the first 6 of 7 columns"));
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    assert.equal(words.filter((word) => word === name).length, 2, name);
  }
  // Six columns: fifteen pairs, each drawn twice, and six histograms in blue.
  const groups = (color: string) => drawing.split(`<g fill="${color}"`).length - 1;
  assert.deepEqual([groups(accent.blue), groups(accent.orange)], [15 + 6, 15]);
});

Deno.test("densityPlot() draws two densities in the same colours and frame", async () => {
  const bounds = { xMin: -1, xMax: 1, yMin: -1, yMax: 1 };
  const logDensity = [0, 1, 0, 1, 2, 1, 0, 1, 0];
  const darkest = async (beside: readonly number[]) => {
    const drawing = await svgOf(densityPlot({ bounds, columns: 3, rows: 3, logDensity }, {
      ...svg,
      label: "learnt density",
      beside: { kind: "density", label: "true density", logDensity: beside },
    }));
    assert.ok(wordsOf(drawing).includes("learnt density"));
    assert.ok(wordsOf(drawing).includes("true density"));
    // Each heat map for a light page, then for a dark one.
    const images = Array.from(drawing.matchAll(/href="data:image\/png;base64,([^"]+)"/g));
    assert.equal(images.length, 4);
    return [0, 2].map((at) => {
      const { pixels } = decodePng(Uint8Array.fromBase64(images[at]![1]!));
      return pixels.filter((_, i) => i % 4 === 0).reduce((a, b) => Math.min(a, b));
    });
  };
  const [learnt, same] = await darkest(logDensity);
  assert.equal(same, learnt);
  const [own, half] = await darkest(logDensity.map((value) => value - Math.LN2));
  assert.equal(own, learnt);
  assert.ok(half! > own! + 40, `${half} ${own}`);
  // A density beside it that is twice as high determines the colours of both.
  const [lower, higher] = await darkest(logDensity.map((value) => value + Math.LN2));
  assert.equal(higher, learnt);
  assert.equal(lower, half);
});

Deno.test("snapshotsPlot() ends with the data", async () => {
  const states = [normal(2, 6), normal(2, 7)];
  const data = { points: normal(2, 8), label: "test points" };
  const drawing = await svgOf(snapshotsPlot({ states, times: [0, 1] }, { data, ...svg }));
  assert.deepEqual(wordsOf(drawing), ["t = 0", "t = 1", "test points"]);
});

Deno.test("a long title is wrapped, and a long name on an axis is cut", async () => {
  const title = `CNF on ${"a survey of everything ".repeat(8)}, step 3000`;
  const names = ["x".repeat(200), "the second column ".repeat(20)];
  const drawing = await svgOf(scatterPlot(normal(2, 9), { title, names, ...svg }));
  const width = Number(/^<svg [^>]*width="([\d.]+)"/.exec(drawing)![1]);
  const words = wordsOf(drawing);
  const lines = words.slice(0, 3);
  assert.equal(lines.join(" ").replace(/\s+/g, " ").slice(0, 30), title.slice(0, 30));
  for (const line of words) assert.ok(textWidth(line, 16) < width * 1.3);
  assert.equal(words.filter((word) => word.endsWith("…")).length, 2, words.join("; "));
});
