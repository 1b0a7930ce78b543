import assert from "node:assert/strict";
import { boundsOf } from "../../src/metrics/bounds.ts";
import { integrateDensity, type LogDensity } from "../../src/metrics/integrate_density.ts";
import {
  draw,
  gaussian,
  incomes,
  type KnownPlane,
  mixture,
  ring,
  student,
} from "./_known_densities.ts";

/** A density as a callback for integrateDensity() that records its calls. */
function callable({ log }: KnownPlane, factor = 1) {
  const calls: number[] = [];
  const logDensity: LogDensity = (points) => {
    calls.push(points.length / 2);
    return Promise.resolve(Float64Array.from(
      { length: points.length / 2 },
      (_, i) => log(points[2 * i]!, points[2 * i + 1]!) + Math.log(factor),
    ));
  };
  return { logDensity, calls };
}

/** Integrates with 200 points of the density as data and 1,024 others as samples. */
async function integrate(density: KnownPlane, seed: number, maxEvaluations?: number) {
  const { logDensity } = callable(density);
  const around = draw(density, 200, 2 * seed), samples = draw(density, 1024, 2 * seed + 1);
  return await integrateDensity(logDensity, { around, samples, maxEvaluations });
}

Deno.test("integrateDensity() of a Gaussian is 1, whatever its location and width", async () => {
  for (const [x, y, width] of [[0, 0, 1], [40, -3, 0.02], [-5, 7, 12]] as const) {
    const { logDensity } = callable(gaussian([x, y], [width, width]));
    const around = [x - width, y - width, x + width, y + width];
    const { mass, error } = await integrateDensity(logDensity, { around });
    assert.ok(Math.abs(mass! - 1) < 1e-4, `${mass}`);
    assert.ok(error >= Math.abs(mass! - 1) && error < 2e-3, `${error}`);
  }
});

Deno.test("integrateDensity() of a density scaled by 0.98 is 0.98", async () => {
  const { logDensity } = callable(gaussian([0, 0], [1, 1]), 0.98);
  const { mass } = await integrateDensity(logDensity, { around: [-2, -2, 2, 2] });
  assert.ok(Math.abs(mass! - 0.98) < 1e-4, `${mass}`);
});

Deno.test("integrateDensity() finds mass beyond the given points", async () => {
  const density = mixture([gaussian([0, 0], [1, 1]), gaussian([6, 0], [1, 1])], [0.7, 0.3]);
  const { mass, region } = await integrateDensity(callable(density).logDensity, {
    around: [-2, -2, 2, 2],
  });
  assert.ok(Math.abs(mass! - 1) < 1e-3, `${mass}`);
  const bounds = region(1e-5);
  assert.ok(bounds.xMax > 9 && bounds.xMin > -9, JSON.stringify(bounds));
});

/** Densities of plausible tables, each of which must be integrated correctly. */
const found: Readonly<Record<string, KnownPlane>> = {
  "a needle a million times as long as thick, turned by 45 degrees": gaussian(
    [0, 0],
    [1, 1e-6],
    Math.PI / 4,
  ),
  "centimetres and incomes": gaussian([40_000, 170], [15_000, 8], 1e-4),
  "timestamps": gaussian([1.7e9, 0], [150, 1]),
  "two clusters 10,000 widths apart": mixture([
    gaussian([0, 0], [1, 1]),
    gaussian([1e4, 0], [1, 1]),
  ]),
  "an island of 1% of the mass": mixture([
    gaussian([0, 0], [1, 1]),
    gaussian([50, 50], [0.05, 0.05]),
  ], [0.99, 0.01]),
  "a column of many zeros": mixture([
    gaussian([0, 0], [1e-3, 1]),
    gaussian([3, 0], [1, 1]),
  ], [0.7, 0.3]),
  "rows of many zeros": mixture([
    gaussian([0, 0], [1e-4, 1e-4]),
    gaussian([3, 0], [1, 1]),
  ], [0.7, 0.3]),
  "incomes, log-normal": incomes(0.6),
  "incomes, log-normal with a heavy tail": incomes(1.5),
  "Student's t of 2": student(2),
  "Cauchy's": student(1),
  "a circle a twentieth of its radius thick": ring(0.05),
};

for (const [name, density] of Object.entries(found)) {
  Deno.test(`integrateDensity() finds the mass of ${name}`, async () => {
    for (const seed of [1, 2]) {
      const { mass, reason } = await integrate(density, seed);
      assert.ok(mass !== null, reason!);
      assert.ok(Math.abs(mass - 1) < 3e-3, `seed ${seed}: ${mass}`);
    }
  });
}

Deno.test("integrateDensity() of random mixtures is within 0.5%, or null", async () => {
  let known = 0;
  const trials = 30;
  for (let seed = 0; seed < trials; seed++) {
    // Reproducible uniform numbers for one trial, drawn through a uniform density.
    const numbers = draw({ log: () => 0, point: ([p, q]) => [p!, q!] }, 20, 1000 + seed);
    let at = 0;
    const next = () => numbers[at++]!;
    const apart = 10 ** (4 * next()), thinness = 10 ** (3 * next());
    const parts = Array.from({ length: 1 + Math.floor(4 * next()) }, () => {
      const long = 10 ** (2 * next() - 1);
      const center = [apart * (next() - 0.5), apart * (next() - 0.5)] as const;
      return gaussian(center, [long, long / thinness ** next()], Math.PI * next());
    });
    const { mass, reason } = await integrate(mixture(parts), seed);
    assert.ok((mass === null) === (reason !== null));
    if (mass === null) continue;
    known++;
    assert.ok(Math.abs(mass - 1) < 5e-3, `trial ${seed}: ${mass}`);
  }
  // Thin needles far apart exceed the evaluation limit; most trials do not.
  assert.ok(known > 0.7 * trials, `${known}`);
});

Deno.test("integrateDensity() returns null if it has not converged, and says so", async () => {
  const { mass, reason, error } = await integrate(ring(1e-4), 1);
  assert.equal(mass, null);
  assert.match(reason!, /^the quadrature has not converged after \d+ evaluations: the sum is /);
  assert.ok(error > 0.1);
  const few = await integrate(ring(0.05), 1, 5000);
  assert.equal(few.mass, null);
  assert.ok(few.evaluations <= 5000, `${few.evaluations}`);
});

Deno.test("integrateDensity() returns null if float64 is too coarse for the points", async () => {
  // A width of two float64 spacings, and an island that a distant point leaves no digits for.
  for (const [x, sigma, far] of [[1, 4e-16, 1], [0, 1, 1e36]] as const) {
    const gaussian = (points: Float64Array) =>
      Promise.resolve(Float64Array.from({ length: points.length / 2 }, (_, i) => {
        const u = (points[2 * i]! - x) / sigma, v = points[2 * i + 1]! / sigma;
        return -Math.log(2 * Math.PI * sigma * sigma) - (u * u + v * v) / 2;
      }));
    const island = Array.from({ length: 40 }, (_, i) => [
      x + sigma * Math.cos(i),
      sigma * Math.sin(i),
    ]).flat();
    const around = far === 1 ? island : [...island, ...island.map(() => far)];
    const found = await integrateDensity(gaussian, { around, samples: island });
    assert.equal(found.mass, null, `sigma ${sigma}`);
    assert.match(found.reason!, /^float64 cannot tell apart|^the density is 0/);
    assert.equal(found.grid({ xMin: 0, xMax: 1, yMin: 0, yMax: 1 }), null);
  }
});

Deno.test("integrateDensity() returns null for a density that falls off too slowly", async () => {
  // Proportional to 1 / r^2 far out: its integral diverges like log r.
  const log = (x: number, y: number) => -Math.log(2 * Math.PI * (1 + x * x + y * y));
  const { mass, reason } = await integrateDensity(
    callable({ log, point: () => [0, 0] }).logDensity,
    { around: [-2, -2, 2, 2] },
  );
  assert.equal(mass, null);
  assert.match(reason!, /falls off too slowly: the sum is .* times the width of the points/);
});

Deno.test("integrateDensity() names a point at which the density is undefined or overflows", async () => {
  const around = [-1, -1, 1, 1];
  for (const [value, words] of [[NaN, /no value at \(/], [Infinity, /overflows at \(/]] as const) {
    const { logDensity } = callable({
      log: (x, y) => x > 0.5 ? value : -(x * x + y * y) / 2,
      point: () => [0, 0],
    });
    const { mass, reason, grid } = await integrateDensity(logDensity, { around });
    assert.equal(mass, null);
    assert.match(reason!, words);
    assert.equal(grid({ xMin: -1, xMax: 1, yMin: -1, yMax: 1 }), null);
  }
  const nowhere = callable({ log: () => -Infinity, point: () => [0, 0] });
  const none = await integrateDensity(nowhere.logDensity, { around });
  assert.deepEqual([none.mass, none.reason], [null, "the density is 0 wherever it was evaluated"]);
});

Deno.test("integrateDensity() has the grid's first row at yMin and its columns along x", async () => {
  const { logDensity } = callable(gaussian([3, -1], [0.3, 0.3]));
  const { grid } = await integrateDensity(logDensity, { around: [0, -2, 4, 2] });
  const { bounds, columns, rows, logDensity: values } = grid({
    xMin: 0,
    xMax: 4,
    yMin: -2,
    yMax: 1,
  })!;
  assert.deepEqual([columns, rows], [128, 96]);
  const best = values.indexOf(Math.max(...values));
  const x = bounds.xMin + (best % columns + 0.5) * (bounds.xMax - bounds.xMin) / columns;
  const y = bounds.yMin + (Math.floor(best / columns) + 0.5) * (bounds.yMax - bounds.yMin) / rows;
  assert.ok(Math.hypot(x - 3, y + 1) < (bounds.xMax - bounds.xMin) / columns, `(${x}, ${y})`);
});

Deno.test("the grid of a density keeps its mass, even if thinner than a cell", async () => {
  for (
    const density of [ring(0.1), gaussian([0, 0], [1, 1e-3], 0.6), found["incomes, log-normal"]!]
  ) {
    const { grid, region } = await integrate(density, 3);
    const { bounds, columns, rows, logDensity } = grid(region(1e-5))!;
    const area = (bounds.xMax - bounds.xMin) * (bounds.yMax - bounds.yMin) / (columns * rows);
    const mass = logDensity.reduce((sum, value) => sum + Math.exp(value), 0) * area;
    // Means over up to 8 x 8 points per cell, of which only some hit a needle.
    assert.ok(Math.abs(mass - 1) < 0.05, `${mass}`);
  }
});

Deno.test("integrateDensity() evaluates at most chunkRows points per call, with the same result", async () => {
  const one = callable(gaussian([0, 0], [1, 1])), many = callable(gaussian([0, 0], [1, 1]));
  const around = [-3, -3, 3, 3];
  const whole = await integrateDensity(one.logDensity, { around, chunkRows: 10_000 });
  const parts = await integrateDensity(many.logDensity, { around, chunkRows: 333 });
  assert.ok(Math.max(...many.calls) === 333 && many.calls.length > one.calls.length);
  assert.deepEqual([parts.mass, parts.error], [whole.mass, whole.error]);
});

Deno.test("boundsOf() adds its margin and refuses empty and non-finite points", () => {
  assert.deepEqual(boundsOf([1, 2, 3, -4], 0.5), { xMin: 0.5, xMax: 3.5, yMin: -4.5, yMax: 2.5 });
  assert.throws(() => boundsOf([], 1), RangeError);
  assert.throws(() => boundsOf([NaN, 0], 1), RangeError);
});
