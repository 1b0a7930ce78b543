import assert from "node:assert/strict";
import { boundsOf, integrateDensity } from "../../src/metrics/integrate_density.ts";

interface Gaussian {
  readonly weight: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Log-density of a mixture of round Gaussians; also says which calls it got. */
function mixture(...parts: readonly Gaussian[]) {
  const calls: number[] = [];
  const logDensity = (points: Float32Array) => {
    calls.push(points.length / 2);
    return Promise.resolve(Float64Array.from({ length: points.length / 2 }, (_, i) => {
      let density = 0;
      for (const { weight, x, y, width } of parts) {
        const squared = ((points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2) / width ** 2;
        density += weight * Math.exp(-squared / 2) / (2 * Math.PI * width ** 2);
      }
      return Math.log(density);
    }));
  };
  return { logDensity, calls };
}

Deno.test("integrateDensity() of a Gaussian is 1, whatever its place and width", async () => {
  for (const [x, y, width] of [[0, 0, 1], [40, -3, 0.02], [-5, 7, 12]] as const) {
    const { logDensity } = mixture({ weight: 1, x, y, width });
    const around = [x - width, y - width, x + width, y + width];
    const { mass, spread } = await integrateDensity(logDensity, { around, cells: 64 });
    // The search stops when the outermost cells hold 1e-5 of the mass.
    assert.ok(Math.abs(mass - 1) < 1e-4, `${mass}`);
    assert.ok(spread < 1e-4, `${spread}`);
  }
});

Deno.test("integrateDensity() of a density scaled by 0.98 is 0.98", async () => {
  const { logDensity } = mixture({ weight: 0.98, x: 0, y: 0, width: 1 });
  const { mass } = await integrateDensity(logDensity, { around: [-2, -2, 2, 2], cells: 64 });
  assert.ok(Math.abs(mass - 0.98) < 1e-4, `${mass}`);
});

Deno.test("integrateDensity() follows the mass beyond the points it was given", async () => {
  const parts = [
    { weight: 0.7, x: 0, y: 0, width: 1 },
    { weight: 0.3, x: 6, y: 0, width: 1 },
  ];
  const { logDensity } = mixture(...parts);
  const { mass, grid } = await integrateDensity(logDensity, { around: [-2, -2, 2, 2] });
  assert.ok(Math.abs(mass - 1) < 1e-3, `${mass}`);
  assert.ok(grid.bounds.xMax > 9 && grid.bounds.xMin > -9, JSON.stringify(grid.bounds));
});

Deno.test("integrateDensity() says by its spread that a grid is too coarse", async () => {
  const { logDensity } = mixture({ weight: 1, x: 0.013, y: 0.021, width: 0.05 });
  const around = [-1, -1, 1, 1];
  const coarse = await integrateDensity(logDensity, { around, cells: 16 });
  const fine = await integrateDensity(logDensity, { around, cells: 96 });
  assert.ok(Math.abs(coarse.mass - 1) > 0.01 && coarse.spread > Math.abs(coarse.mass - 1));
  assert.ok(Math.abs(fine.mass - 1) < 1e-4, `${fine.mass}`);
});

Deno.test("integrateDensity() has the grid's first row at yMin and its columns along x", async () => {
  const { logDensity } = mixture({ weight: 1, x: 3, y: -1, width: 0.3 });
  const { grid } = await integrateDensity(logDensity, { around: [0, -2, 4, 2], cells: 60 });
  let best = 0;
  grid.logDensity.forEach((value, i) => {
    if (value > grid.logDensity[best]!) best = i;
  });
  const { bounds, columns, rows } = grid;
  const x = bounds.xMin + (best % columns + 0.5) * (bounds.xMax - bounds.xMin) / columns;
  const y = bounds.yMin + (Math.floor(best / columns) + 0.5) * (bounds.yMax - bounds.yMin) / rows;
  assert.ok(Math.hypot(x - 3, y + 1) < (bounds.xMax - bounds.xMin) / columns, `(${x}, ${y})`);
});

Deno.test("integrateDensity() asks for at most chunkRows points and does not depend on them", async () => {
  const one = mixture({ weight: 1, x: 0, y: 0, width: 1 });
  const many = mixture({ weight: 1, x: 0, y: 0, width: 1 });
  const around = [-3, -3, 3, 3];
  const whole = await integrateDensity(one.logDensity, { around, cells: 40, chunkRows: 10_000 });
  const parts = await integrateDensity(many.logDensity, { around, cells: 40, chunkRows: 333 });
  assert.ok(Math.max(...many.calls) === 333 && many.calls.length > one.calls.length);
  assert.deepEqual(parts, whole);
});

Deno.test("integrateDensity() fails on a NaN and names the point", async () => {
  const logDensity = (points: Float32Array) =>
    Promise.resolve(new Float64Array(points.length / 2).fill(NaN));
  await assert.rejects(integrateDensity(logDensity, { around: [0, 0, 1, 1] }), {
    name: "FailureError",
    message: /not a number at \(-?\d/,
  });
});

Deno.test("boundsOf() widens by its margin and refuses what has no extent", () => {
  assert.deepEqual(boundsOf([1, 2, 3, -4], 0.5), { xMin: 0.5, xMax: 3.5, yMin: -4.5, yMax: 2.5 });
  assert.throws(() => boundsOf([], 1), RangeError);
  assert.throws(() => boundsOf([NaN, 0], 1), RangeError);
});
