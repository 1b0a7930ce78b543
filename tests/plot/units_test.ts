import assert from "node:assert/strict";
import { linearAxis } from "../../src/plot/drawing/_axis.ts";
import { ink } from "../../src/plot/drawing/_palette.ts";
import { boundsOfAll, fitPlane } from "../../src/plot/drawing/_plane.ts";
import { densityPlot } from "../../src/plot/density_plot.ts";
import { histogramPlot } from "../../src/plot/histogram_plot.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { scatterMatrix } from "../../src/plot/scatter_matrix.ts";
import { scatterPlot } from "../../src/plot/scatter_plot.ts";
import { trajectoryPlot } from "../../src/plot/trajectory_plot.ts";
import { cloudFrames } from "../../src/plot/encoding/frames.ts";
import { near, rgb } from "./_picture.ts";

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
