import assert from "node:assert/strict";
import { checkerboard } from "../../../src/data/densities/checkerboard.ts";
import { eightGaussians } from "../../../src/data/densities/eight_gaussians.ts";
import { moons, MOONS_NOISE } from "../../../src/data/densities/moons.ts";
import type { PointSource } from "../../../src/data/point_source.ts";
import { gaussLegendre } from "../../../src/data/densities/quadrature.ts";
import { subsequences } from "../../../src/core/random/subsequences.ts";

/** Mass and entropy by the midpoint rule on a grid. */
function integrate(source: PointSource, box: { low: [number, number]; high: [number, number] }) {
  const h = 0.05; // the densities are smooth over 0.1: halving h changes the mass by less than 1e-12
  const across = Math.round((box.high[0] - box.low[0]) / h);
  const up = Math.round((box.high[1] - box.low[1]) / h);
  const points = new Float64Array(2 * across * up);
  for (let i = 0; i < across * up; i++) {
    points[2 * i] = box.low[0] + (i % across + 0.5) * h;
    points[2 * i + 1] = box.low[1] + (Math.floor(i / across) + 0.5) * h;
  }
  const logDensity = source.density.logDensity(points);
  let mass = 0, entropy = 0;
  for (const value of logDensity) {
    if (value === -Infinity) continue;
    mass += Math.exp(value) * h * h;
    entropy -= value * Math.exp(value) * h * h;
  }
  return { mass, entropy };
}

Deno.test("moons has a density of mass 1 and entropy 1.0076", () => {
  const { mass, entropy } = integrate(moons, { low: [-2.2, -1.8], high: [3.2, 2.3] });
  assert.ok(Math.abs(mass - 1) < 1e-10, `mass ${mass}`);
  assert.equal(entropy.toFixed(4), "1.0076"); // the design's figure
  assert.ok(Math.abs(entropy - moons.density.entropy) < 1e-6, `entropy ${entropy}`);
});

Deno.test("8gaussians has a density of mass 1 and its entropy", () => {
  const { mass, entropy } = integrate(eightGaussians, { low: [-6, -6], high: [6, 6] });
  assert.ok(Math.abs(mass - 1) < 1e-10, `mass ${mass}`);
  assert.ok(Math.abs(entropy - eightGaussians.density.entropy) < 1e-6, `entropy ${entropy}`);
});

Deno.test("checkerboard has a density of mass 1 and entropy log 32", () => {
  const { mass, entropy } = integrate(checkerboard, { low: [-5, -5], high: [5, 5] });
  assert.ok(Math.abs(mass - 1) < 1e-10, `mass ${mass}`);
  assert.ok(Math.abs(entropy - Math.log(32)) < 1e-10, `entropy ${entropy}`);
});

// The mean of -log p over draws from p is the entropy if draws and density match.
for (const source of [moons, eightGaussians, checkerboard]) {
  Deno.test(`${source.name} draws points from its density`, () => {
    const n = 20_000;
    const { points, labels } = source.draw({ seed: 3, from: subsequences.dataSet }, n);
    const nll = source.density.logDensity(points).map((value) => -value);
    const mean = nll.reduce((sum, value) => sum + value) / n;
    const variance = nll.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
    const standardError = Math.sqrt(variance / n);
    assert.ok(
      Math.abs(mean - source.density.entropy) <= 4 * standardError + 1e-6,
      `mean ${mean}, entropy ${source.density.entropy}, standard error ${standardError}`,
    );
    assert.equal(labels.length, n);
    const few = source.draw({ seed: 3, from: subsequences.dataSet }, 7);
    assert.deepEqual(few.points, points.subarray(0, 14));
    assert.deepEqual(few.labels, labels.subarray(0, 7));
  });
}

Deno.test("moons labels the outer half circle 0 and the inner 1", () => {
  const { points, labels } = moons.draw({ seed: 0, from: subsequences.dataSet }, 5000);
  assert.equal(labels.filter((label) => label === 0).length, 2500);
  labels.forEach((label, i) => {
    const x = points[2 * i]!, y = points[2 * i + 1]!;
    // Distance to the label's full circle; noise is at most 5.8 standard deviations per coordinate.
    const distance = label === 0
      ? Math.abs(Math.hypot(x, y) - 1)
      : Math.abs(Math.hypot(x - 1, y - 0.5) - 1);
    assert.ok(distance < 8 * MOONS_NOISE, `point ${i} at (${x}, ${y}), label ${label}`);
  });
  // The outer moon is the upper half, the inner the lower: means of y are 2/pi and 1/2 - 2/pi.
  const meanY = (label: number) =>
    labels.reduce((sum, found, i) => sum + (found === label ? points[2 * i + 1]! : 0), 0) / 2500;
  assert.ok(Math.abs(meanY(0) - 2 / Math.PI) < 0.03); // 4 standard errors are 0.026
  assert.ok(Math.abs(meanY(1) - (0.5 - 2 / Math.PI)) < 0.03);
});

Deno.test("moons' density equals a plain midpoint integral over the angle", () => {
  const n = 20_000, variance = MOONS_NOISE ** 2;
  const plain = (x: number, y: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) { // midpoint rule: error of order (pi / n / 0.1)^2 = 2e-6
      const a = Math.PI * (i + 0.5) / n;
      for (const [cx, cy] of [[Math.cos(a), Math.sin(a)], [1 - Math.cos(a), 0.5 - Math.sin(a)]]) {
        sum += Math.exp(-((x - cx!) ** 2 + (y - cy!) ** 2) / (2 * variance));
      }
    }
    return Math.log(sum / (2 * n * 2 * Math.PI * variance));
  };
  for (const [x, y] of [[0, 1], [1, -0.5], [0.5, 0.25], [-1.2, -0.1], [2.1, 0.6], [0, 0], [1, 2]]) {
    const [found] = moons.density.logDensity([x!, y!]);
    assert.ok(Math.abs(found! - plain(x!, y!)) < 1e-5, `at (${x}, ${y}): ${found}`);
  }
});

Deno.test("moons' density stays finite and smooth far away", () => {
  const far = moons.density.logDensity([100, 100, 0, -50, -1e4, 3, 0.5, 0.25]);
  assert.ok(far.every((value) => Number.isFinite(value)), `${far}`);
  // At distance r from the nearest end of an arc, -log p is about r^2 / (2 noise^2).
  assert.ok(Math.abs(far[1]! / (-(49.5 ** 2) / (2 * MOONS_NOISE ** 2)) - 1) < 1e-2);
});

Deno.test("gaussLegendre() is exact for polynomials of degree 2n - 1", () => {
  for (const n of [1, 2, 5, 40]) {
    const { nodes, weights } = gaussLegendre(n);
    for (let degree = 0; degree <= Math.min(2 * n - 1, 30); degree++) {
      const sum = nodes.reduce((total, x, i) => total + weights[i]! * x ** degree, 0);
      const exact = degree % 2 === 0 ? 2 / (degree + 1) : 0;
      assert.ok(Math.abs(sum - exact) < 1e-14 * 8, `n ${n}, degree ${degree}: ${sum}`);
    }
  }
  assert.throws(() => gaussLegendre(0), RangeError);
});

// Distances by hand: both arcs are half circles of radius 1, about (0, 0) and about (1, 1/2).
Deno.test("moons: the distance from the arcs ends at their ends, and few data are strays", () => {
  const { near, distance } = moons.curve!;
  const points = [0, 1, 1, -0.5, 0, 0, -1, -0.3, 3, 0.5, 2, 0.7];
  const expected = [0, 0, Math.sqrt(1.25) - 1, 0.3, 1, 0.2];
  distance(points).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-12, `${i}`));
  const fresh = moons.draw({ seed: 1, from: subsequences.freshData }, 20_000).points;
  const share = distance(fresh).filter((value) => value > near).length / 20_000;
  // Across an arc the noise is beyond 2.5 standard deviations with probability 0.0124.
  assert.ok(Math.abs(share - 0.0124) < 4 * Math.sqrt(0.0124 / 20_000), `${share}`);
});
