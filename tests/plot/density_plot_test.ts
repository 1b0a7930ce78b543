import assert from "node:assert/strict";
import { accent, classColors } from "../../src/plot/drawing/_palette.ts";
import { densityPlot, levelsOf } from "../../src/plot/density_plot.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { centroid, near, rgb } from "./_picture.ts";

const bounds = { xMin: -4, xMax: 4, yMin: -2, yMax: 3 };
const columns = 80, rows = 50;
/** An isotropic Gaussian of unit height and width 0.5 at (x, y), evaluated at cell centres. */
function bump(x: number, y: number) {
  return {
    bounds,
    columns,
    rows,
    logDensity: Float64Array.from({ length: columns * rows }, (_, i) => {
      const dx = -4 + (i % columns + 0.5) / 10 - x,
        dy = -2 + (Math.floor(i / columns) + 0.5) / 10 - y;
      return -2 * (dx * dx + dy * dy);
    }),
  };
}

Deno.test("densityPlot() is darkest where the density is highest, on the axes of the samples", async () => {
  for (const [x, y] of [[2, 1], [-2.5, -0.5]] as const) {
    const heat = decodePng(await densityPlot(bump(x, y)));
    const dark = ([r, g, b]: readonly number[]) => r! < 40 && g! < 90 && b! > 80;
    // Excludes the colour bar, whose upper end is equally dark.
    const inside = 0.85 * heat.width;
    const darkest = centroid(heat, (color, column) => column < inside && dark(color));
    const points = { points: [x, y], label: "one" };
    const dotted = decodePng(await densityPlot(bump(x, y), { samples: points }));
    const dot = centroid(
      dotted,
      (color, column, row) =>
        row > 0.3 * dotted.height && column < inside && near(color, rgb(accent.orange), 60),
    );
    assert.ok(darkest.count > 100 && dot.count > 4, `${darkest.count}, ${dot.count}`);
    // A cell is 13 pixels; the heat map is interpolated, so a fraction of a cell is achievable.
    assert.ok(Math.hypot(darkest.x - dot.x, darkest.y - dot.y) < 2, `(${x}, ${y})`);
  }
});

Deno.test("densityPlot() draws data and samples in different colours", async () => {
  const one = (x: number, y: number, label: string) => ({ points: [x, y], label });
  const samples = one(2, -1, "samples"), data = one(-2, 2, "data");
  const picture = decodePng(await densityPlot(bump(0, 0.5), { samples, data }));
  const at = (color: string) =>
    centroid(
      picture,
      (found, column, row) =>
        column < 0.85 * picture.width && row > 0.3 * picture.height && near(found, rgb(color), 40),
    );
  const [sample, datum] = [at(accent.orange), at(classColors[9])];
  assert.ok(sample.count > 4 && datum.count > 4, `${sample.count}, ${datum.count}`);
  assert.ok(sample.x > datum.x && sample.y > datum.y, "the sample is to the right and below");
});

Deno.test("densityPlot() of a scaled density differs only in the colour bar's numbers", async () => {
  const grid = bump(0, 0), doubled = bump(0, 0).logDensity.map((value) => value + Math.log(2));
  const one = decodePng(await densityPlot(grid));
  const two = decodePng(await densityPlot({ ...grid, logDensity: doubled }));
  const panel = (picture: typeof one) =>
    centroid(picture, ([r, , b], x) => x < 0.85 * picture.width && b > r + 60);
  assert.deepEqual(panel(two), panel(one));
});

Deno.test("levelsOf() of a Gaussian: the level for a share s of the mass is (1 - s) of the peak", () => {
  // In two dimensions |x|^2 / 2 is exponential, so P(density > level) = 1 - level / peak.
  const n = 400, h = 12 / n;
  const density = Float64Array.from({ length: n * n }, (_, i) => {
    const x = -6 + (i % n + 0.5) * h, y = -6 + (Math.floor(i / n) + 0.5) * h;
    return Math.exp(-(x * x + y * y) / 2);
  });
  const levels = levelsOf(density, [0.5, 0.75, 0.95]);
  [0.5, 0.25, 0.05].forEach((expected, i) => {
    assert.ok(Math.abs(levels[i]! - expected) < 0.002, `${levels[i]}`);
  });
});

Deno.test("densityPlot() refuses a grid of another size, a NaN, an empty density", () => {
  const grid = bump(0, 0);
  const with_ = (logDensity: Float64Array) => () => densityPlot({ ...grid, logDensity });
  assert.throws(with_(grid.logDensity.subarray(1)), /50 x 80 log-densities, got 3999/);
  assert.throws(with_(grid.logDensity.map((v, i) => i === 7 ? NaN : v)), /got NaN/);
  assert.throws(with_(grid.logDensity.map(() => -Infinity)), /positive maximum density, got 0/);
});
