import assert from "node:assert/strict";
import {
  acrossAxis,
  categoryAxis,
  categoryDomain,
  linearAxis,
  scaledAxis,
} from "../../src/plot/drawing/_axis.ts";
import { ink } from "../../src/plot/drawing/_palette.ts";
import { boundsOfAll, fitPlane } from "../../src/plot/drawing/_plane.ts";
import { densityPlot } from "../../src/plot/density_plot.ts";
import { gridStep, histogramPlot, histograms } from "../../src/plot/histogram_plot.ts";
import { panelsPlot } from "../../src/plot/panels_plot.ts";
import { pointsPlot } from "../../src/plot/points_plot.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { scatterMatrix } from "../../src/plot/scatter_matrix.ts";
import { scatterPlot } from "../../src/plot/scatter_plot.ts";
import { trajectoryPlot } from "../../src/plot/trajectory_plot.ts";
import { cloudFrames } from "../../src/plot/encoding/frames.ts";
import { near, rgb } from "./_picture.ts";
import { cloudGrid } from "../../src/plot/cloud_grid.ts";
import { shortenedNames, textWidth } from "../../src/plot/drawing/_svg.ts";
import { labelledGrid } from "../../src/plot/labelled_grid.ts";

Deno.test("linearAxis() of values far from zero uses an offset that its label names", () => {
  const axis = linearAxis("time", [1_699_999_990, 1_700_000_070], [0, 800], 4);
  assert.equal(axis.label, "time − 1700000000");
  assert.deepEqual(axis.ticks.map(({ label }) => label), ["0", "20", "40", "60"]);
  assert.deepEqual(axis.ticks.map(({ value }) => value - 1.7e9), [0, 20, 40, 60]);
  assert.equal(axis.at(1_700_000_030), 400);
  assert.equal(linearAxis("x", [-1_000_000.5, -999_999.5], [0, 1], 4).label, "x + 1000000");
  const near = linearAxis("x", [997, 1003], [0, 600], 3);
  assert.deepEqual([near.label, near.ticks[0]!.label], ["x", "998"]);
});

Deno.test("acrossAxis() keeps tick labels apart and within their room", () => {
  const cases: readonly (readonly [readonly [number, number], number])[] = [
    [[0, 410_000], 60],
    [[-250_000, 90_000], 90],
    [[0, 7e-6], 60],
    [[1.69e9, 1.74e9], 80],
    [[-12, 13], 34],
    [[20, 80], 400],
    [[997_000, 3_400_000], 34],
  ];
  for (const [domain, length] of cases) {
    const axis = acrossAxis("x", domain, [100, 100 + length], { most: 3, beyond: 4 });
    assert.ok(axis.ticks.length > 0, `${domain}`);
    let end = 96;
    for (const { value, label } of axis.ticks) {
      const half = textWidth(label, 11.5) / 2, at = axis.at(value);
      assert.ok(at - half >= end && at + half <= 104 + length, `${domain}: ${label}`);
      end = at + half + 8;
    }
  }
  const labels = (domain: readonly [number, number], length: number) =>
    acrossAxis("x", domain, [0, length], { most: 3, beyond: 14 }).ticks.map(({ label }) => label);
  assert.deepEqual(labels([0, 410_000], 60), ["0", "400k"]);
  assert.deepEqual(labels([0, 410_000], 320), ["0", "100,000", "200,000", "300,000"]);
  assert.deepEqual(labels([0, 7e-6], 300), ["0", "2e-6", "4e-6", "6e-6"]);
  assert.deepEqual(labels([1.69e9, 1.75e9], 300), ["1.7e9", "1.72e9", "1.74e9"]);
  assert.deepEqual(labels([-3_100_000, 100_000], 60), ["−2M", "0"]);
});

Deno.test("scaledAxis() has two ticks where one would give no scale", () => {
  assert.equal(linearAxis("age", [10, 85], [100, 0], 2).ticks.length, 1);
  assert.ok(scaledAxis("age", [10, 85], [100, 0], 2).ticks.length > 1);
});

Deno.test("shortenedNames() keeps names apart", () => {
  const cut = (names: readonly string[]) => shortenedNames(names, 12, 50);
  assert.deepEqual(cut(["age", "income before tax"]), ["age", "income…"]);
  assert.deepEqual(cut(["feature_01", "feature_02"]), ["fea…_01", "fea…_02"]);
});

Deno.test("an axis keeps the offset of its ticks where its name is cut", async () => {
  const times = Array.from({ length: 40 }, (_, i) => 1_700_000_000 + 1000 * Math.sin(i));
  const name = "timestamp of the measurement in seconds since 1970, as the device says it";
  const svg = new TextDecoder().decode(
    await histogramPlot(times, { names: [name], format: "svg", totalWidth: 358 }),
  );
  assert.match(svg, />timestamp of[^<]*… − 1700000000</);
});

Deno.test("a scatter matrix for a phone shows four columns, each with a name of its own", async () => {
  const points = Array.from({ length: 600 }, (_, i) => Math.sin(i * 1.7));
  const names = Array.from({ length: 6 }, (_, i) => `feature_number_${i}`);
  const svg = new TextDecoder().decode(
    await scatterMatrix(points, { dims: 6, names, format: "svg", totalWidth: 358 }),
  );
  assert.match(svg, />the first 4 of 6 columns</);
  const shown = new Set(Array.from(svg.matchAll(/>([^<>]*…[^<>]*)</g), ([, text]) => text));
  assert.equal(shown.size, 4, [...shown].join());
});

Deno.test("labels left of the rows of a grid have room in a page's wider font", async () => {
  const svgs = [
    await labelledGrid(new Float32Array(32), {
      ...{ height: 4, width: 4, columns: 1, rowLabels: ["midpoint", "rk4"] },
      ...{ format: "svg", totalWidth: 358 },
    }),
    await cloudGrid([[0, 0, 1, 1], [0, 0, 1, 1]], {
      bounds: { xMin: 0, xMax: 1, yMin: 0, yMax: 1 },
      ...{ columns: 1, rowLabels: ["midpoint", "rk4"], labels: ["", ""] },
      ...{ format: "svg", totalWidth: 358 },
    }),
  ];
  for (const svg of svgs) {
    const [, x] = /<text x="([\d.]+)"[^>]*>midpoint</.exec(new TextDecoder().decode(svg))!;
    assert.ok(Number(x) >= 1.15 * textWidth("midpoint", 12), `${x}`);
  }
});

Deno.test("fitPlane() has equal axis scales, except for columns in different units", () => {
  const place = { x: 0, y: 0, width: 400 };
  const unitsOf = (points: readonly number[]) => {
    const { area, bounds } = fitPlane(boundsOfAll([points]), place);
    return [
      area.width / (bounds.xMax - bounds.xMin),
      area.height / (bounds.yMax - bounds.yMin),
    ] as const;
  };
  const [x, y] = unitsOf([140, 30, 200, 120]); // centimetres and kilograms
  assert.ok(Math.abs(x / y - 1) < 0.01, `${x} ${y}`);
  // Ages and incomes: each fills its side, except for the margins.
  const [age, income] = unitsOf([20, 1e4, 80, 2e5]);
  assert.ok(Math.abs(age * 60 / 400 - 1 / 1.12) < 0.01, `${age}`);
  assert.ok(Math.abs(income * 1.9e5 / 320 - 1 / 1.12) < 0.01, `${income}`);
});

/** Ages and incomes. */
const table = [20, -50_000, 80, 150_000, 45, 31_000];

Deno.test("plots leave room for an axis label beside long tick labels", async () => {
  const states = [Float64Array.from(table), Float64Array.from(table)];
  const bounds = { xMin: 20, xMax: 80, yMin: -50_000, yMax: 150_000 };
  const pictures = {
    densityPlot: await densityPlot({ bounds, columns: 2, rows: 1, logDensity: [-20, -21] }),
    histogramPlot: await histogramPlot([1e-7, 2e-7, 2.5e-7, 4e-7].map((x) => 1 + x)),
    scatterMatrix: await scatterMatrix([...table, ...table], { dims: 3 }),
    scatterPlot: await scatterPlot(table),
    trajectoryPlot: await trajectoryPlot({ states, times: [0, 1] }),
    cloudFrames: (await cloudFrames({ states, times: [0, 1] }))[0]!,
  };
  for (const [name, png] of Object.entries(pictures)) {
    const { width, height, pixels } = decodePng(png);
    for (let row = 0; row < height; row++) {
      const start = 4 * row * width;
      assert.ok(pixels.subarray(start, start + 12).every((value) => value === 255), name);
    }
  }
});

Deno.test("densityPlot() draws the colour bar's label beside its tick labels, not over them", async () => {
  const bounds = { xMin: -1, xMax: 1, yMin: -1, yMax: 1 };
  const logDensity = [Math.log(0.0003), Math.log(0.0001)];
  const { width, height, pixels } = decodePng(
    await densityPlot({ bounds, columns: 2, rows: 1, logDensity }),
  );
  let lastTick = 0, firstLabel = width;
  // The bar and everything to its right: at least 80 units of 2 pixels.
  for (let x = width - 160; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const at = 4 * (y * width + x);
      const color = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!] as const;
      if (near(color, rgb(ink.tick), 4)) lastTick = x;
      if (near(color, rgb(ink.label), 4)) firstLabel = Math.min(firstLabel, x);
    }
  }
  assert.ok(lastTick > width - 160 && firstLabel < width, "both are present");
  assert.ok(lastTick + 4 < firstLabel, `numbers up to ${lastTick}, the label from ${firstLabel}`);
});

Deno.test("plots name categories on their axes, with a whole bar for each", async () => {
  const cities = ["Lyon", "Nice", "Paris"], names = ["height", "city", "age"];
  const values = Array.from({ length: 60 }, (_, i) => [150 + Math.sin(i), i % 3, i / 7]);
  const columns = (...which: number[]) => values.flatMap((row) => which.map((k) => row[k]!));
  const of = (...which: number[]) => ({
    names: which.map((k) => names[k]!),
    categories: which.map((k) => k === 1 ? cities : null),
    scales: "own",
    format: "svg",
  } as const);
  const drawn = [
    await pointsPlot(columns(1), { dims: 1, ...of(1) }),
    await pointsPlot(columns(0, 1), { dims: 2, ...of(0, 1) }),
    await pointsPlot(columns(1, 0), { dims: 2, ...of(1, 0) }),
    await pointsPlot(columns(0, 2, 1), { dims: 3, ...of(0, 2, 1) }),
    await panelsPlot([{
      title: "rows",
      x: { label: "city", categories: cities },
      y: { label: "height" },
      series: [{ mark: "dots", color: 0, x: columns(1), y: columns(0) }],
    }], { format: "svg" }),
  ];
  for (const svg of drawn) {
    const text = new TextDecoder().decode(svg);
    for (const city of cities) assert.match(text, new RegExp(`>${city}<`));
    assert.doesNotMatch(text, />0\.5</);
  }
  const many = Array.from({ length: 50 }, (_, i) => `category ${i}`);
  const axis = categoryAxis("c", many, categoryDomain(many), [0, 100]);
  const ends = axis.ticks.map(({ label, value }) => [
    axis.at(value) - textWidth(label, 11.5) / 2,
    axis.at(value) + textWidth(label, 11.5) / 2,
  ]);
  assert.ok(ends.slice(1).every(([start], i) => start! > ends[i]![1]!));
  // Names that stand for several are long enough to tell them apart.
  const wide = categoryAxis("c", many, categoryDomain(many), [0, 200]);
  assert.ok(wide.ticks.length > 1);
  for (const { label, value } of wide.ticks) {
    const half = textWidth(label, 11.5) / 2;
    assert.ok(label.length > 5, label);
    assert.ok(wide.at(value) - half > -8 && wide.at(value) + half < 208, label);
  }
});

Deno.test("histograms() centres the bins of counts on their values", () => {
  const counts = Array.from({ length: 100 }, (_, i) => [-1, 0, 0, 1, 3][i % 5]!);
  const [found, other] = histograms([counts, [0, 0, 3]]);
  assert.deepEqual([found!.start, found!.binWidth], [-1.5, 1]);
  assert.deepEqual(found!.density.map((share) => Number(share.toFixed(9))), [
    0.2,
    0.4,
    0.2,
    0,
    0.2,
  ]);
  assert.deepEqual(other!.density.map((share) => Number(share.toFixed(9))), [
    ...[0, 0.666666667, 0, 0, 0.333333333],
  ]);
  const tenths = histograms([counts.map((count) => count / 10)])[0]!;
  assert.equal(tenths.density.length, 5);
  // Real numbers, and a grid with as many places as values, keep bins of equal width.
  for (const values of [counts.map((count, i) => count + i * 1e-4), counts.map((_, i) => i)]) {
    assert.equal(gridStep([values]), null);
    assert.equal(histograms([values])[0]!.start, Math.min(...values));
  }
  assert.equal(histograms([counts], [5, 6])[0]!.density.length, 1);
});
