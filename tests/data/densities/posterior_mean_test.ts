import assert from "node:assert/strict";
import { checkerboard } from "../../../src/data/densities/checkerboard.ts";
import { eightGaussians } from "../../../src/data/densities/eight_gaussians.ts";
import { moons } from "../../../src/data/densities/moons.ts";
import type { KnownDensity } from "../../../src/data/dataset.ts";

/** E[x | y] by the midpoint rule over a square grid with edges at the multiples of `h`. */
function byGrid(
  density: KnownDensity,
  [y0, y1]: readonly [number, number],
  { scale, deviation, half }: { scale: number; deviation: number; half: number },
): readonly [number, number] {
  const h = 0.04, n = Math.round(2 * half / h);
  const points = Float64Array.from({ length: 2 * n * n }, (_, i) => {
    const cell = i >> 1;
    return -half + ((i % 2 === 0 ? cell % n : Math.floor(cell / n)) + 0.5) * h;
  });
  const logDensity = density.logDensity(points);
  let mass = 0, x0 = 0, x1 = 0;
  for (let i = 0; i < n * n; i++) {
    const [a, b] = [points[2 * i]!, points[2 * i + 1]!];
    const squares = (y0 - scale * a) ** 2 + (y1 - scale * b) ** 2;
    const weight = Math.exp(logDensity[i]! - squares / (2 * deviation ** 2));
    mass += weight;
    x0 += weight * a;
    x1 += weight * b;
  }
  return [x0 / mass, x1 / mass];
}

// The grid resolves kernels of a deviation of 0.3 and more to 1e-4; the formulas know no grid.
for (const { name, density } of [moons, eightGaussians, checkerboard]) {
  Deno.test(`${name}: posteriorMean() is the mean of a point given a noisy one`, () => {
    const half = name === "moons" ? 3.2 : 6;
    const cases = [
      { y: [0.4, 0.1], scale: 1, deviation: 0.3 },
      { y: [-0.7, 0.9], scale: 0.6, deviation: 0.4 },
      { y: [0.2, -1.1], scale: 0.25, deviation: 0.75 },
      { y: [2.6, 0.5], scale: 0.9, deviation: 0.5 },
    ] as const;
    const found = density.posteriorMean(cases.flatMap(({ y }) => [...y]), {
      scale: cases.map(({ scale }) => scale),
      deviation: cases.map(({ deviation }) => deviation),
    });
    cases.forEach(({ y, scale, deviation }, i) => {
      const expected = byGrid(density, y, { scale, deviation, half });
      for (const k of [0, 1] as const) {
        const error = Math.abs(found[2 * i + k]! - expected[k]);
        assert.ok(error < 1e-3, `${y}: ${found[2 * i + k]} ${expected[k]}`);
      }
    });
  });

  Deno.test(`${name}: posteriorMean() at the ends of a path is the mean, and the point itself`, () => {
    const at = (y: readonly number[], scale: number, deviation: number) =>
      density.posteriorMean(y, { scale: [scale], deviation: [deviation] });
    const half = name === "moons" ? 3.2 : 6;
    const mean = byGrid(density, [0, 0], { scale: 0, deviation: 1, half });
    at([0.3, -2], 0, 1).forEach((value, k) => assert.ok(Math.abs(value - mean[k]!) < 1e-6));
    // In a square, in a component and on the outer arc.
    const inside = name === "moons" ? [0, 1] : name === "8gaussians" ? [2.8, 0.1] : [1.1, 1.3];
    at(inside, 1, 1e-4).forEach((value, k) => assert.ok(Math.abs(value - inside[k]!) < 1e-5));
  });
}
