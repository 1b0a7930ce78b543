import assert from "node:assert/strict";
import { densityOf, drawFrom, quantilesOf } from "../../../src/theory/ddpm/mixture.ts";
import { data } from "../../../src/theory/ddpm/problem.ts";
import {
  distanceOfDensity,
  distanceOfSample,
  floorOf,
} from "../../../src/theory/ddpm/wasserstein1.ts";

Deno.test("distanceOfSample() of a shifted sample is the shift, in any order", () => {
  const quantiles = quantilesOf(data, 200);
  const shifted = quantiles.map((x) => x + 0.3).reverse();
  assert.ok(Math.abs(distanceOfSample(shifted, quantiles) - 0.3) < 1e-12);
});

Deno.test("distanceOfDensity() of a shifted density is the shift", () => {
  const low = -8, spacing = 0.02;
  const values = Float64Array.from(
    { length: 801 },
    (_, i) => densityOf(data, low + i * spacing + 0.25),
  );
  // Riemann sums are nearly exact for smooth functions that vanish at both ends.
  assert.ok(Math.abs(distanceOfDensity({ low, spacing, values }, data) - 0.25) < 1e-6);
});

Deno.test("floorOf() matches the mean and spread over repeated draws", () => {
  const n = 4096, repeats = 200;
  const quantiles = quantilesOf(data, n);
  const distances = Float64Array.from({ length: repeats }, (_, i) => {
    const key = (subsequence: number) => ({ seed: 11, stream: 10, subsequence });
    const keys = { component: key(2 * i), place: key(2 * i + 1) };
    return distanceOfSample(drawFrom(data, keys, n), quantiles);
  });
  const mean = distances.reduce((a, b) => a + b) / repeats;
  const stdDev = Math.sqrt(
    distances.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (repeats - 1),
  );
  const floor = floorOf(data, n);
  assert.ok(Math.abs(mean - floor.mean) < 4 * floor.stdDev / Math.sqrt(repeats), `${mean}`);
  // Known within 5 % from 200 normal values; these lean to the right, which makes it about 8 %.
  assert.ok(Math.abs(stdDev / floor.stdDev - 1) < 0.3, `${stdDev}, not ${floor.stdDev}`);
});
