import assert from "node:assert/strict";
import { lawOf } from "../../../src/theory/ddpm/law.ts";
import { diffused } from "../../../src/theory/ddpm/mixture.ts";
import { data as peaks, schedule } from "../../../src/theory/ddpm/problem.ts";
import { noiseRate } from "../../../src/theory/ddpm/schedule.ts";
import { updates } from "../../../src/theory/ddpm/updates.ts";
import { distanceOfDensity } from "../../../src/theory/ddpm/wasserstein1.ts";

// For one Gaussian the score is linear, the sampler's law stays Gaussian, and its two moments
// follow a recursion: mean' = a mean + c (m - mean) / v, variance' = (a - c / v)^2 variance + beta_t.
const data = { weights: [1], means: [0.7], stdDev: 0.5 };
const coefficients = {
  ancestral: (b: number) => [1 / Math.sqrt(1 - b), b / Math.sqrt(1 - b)] as const,
  eulerMaruyama: (b: number) => [1 + b / 2, b] as const,
};

for (const name of ["ancestral", "eulerMaruyama"] as const) {
  Deno.test(`lawOf() matches the moment recursion of a Gaussian under ${name} steps`, () => {
    const steps = 20;
    const start = diffused(data, schedule, 1);
    let mean = start.means[0]!, variance = start.stdDev ** 2;
    for (let k = 0; k < steps; k++) {
      const t = 1 - k / steps, now = diffused(data, schedule, t), v = now.stdDev ** 2;
      const b = noiseRate(schedule, t) / steps, [a, c] = coefficients[name](b);
      mean = a * mean + c * (now.means[0]! - mean) / v;
      variance = (a - c / v) ** 2 * variance + b;
    }
    const { low, spacing, values } = lawOf(updates[name], { data, schedule, steps });
    const moment = (of: (x: number) => number) =>
      values.reduce((sum, p, i) => sum + p * of(low + i * spacing) * spacing, 0);
    // The quadrature's own error is below 6e-9 per step.
    assert.ok(Math.abs(moment(() => 1) - 1) < 1e-7);
    assert.ok(Math.abs(moment((x) => x) - mean) < 1e-7, `${moment((x) => x)}, not ${mean}`);
    assert.ok(Math.abs(moment((x) => (x - mean) ** 2) - variance) < 1e-7);
  });
}

Deno.test("lawOf() matches the distance to the data's law from an independent implementation", () => {
  // From numpy: dense transition matrices on 1,601 points of [-8, 8], scipy's normal density.
  const expected = { ancestral: [0.023780, 0.010984], eulerMaruyama: [0.026262, 0.012015] };
  for (const name of ["ancestral", "eulerMaruyama"] as const) {
    [10, 20].forEach((steps, i) => {
      const law = lawOf(updates[name], { data: peaks, schedule, steps });
      const distance = distanceOfDensity(law, peaks);
      // Both sum |F - G| over a grid, with an error of 0.1 %.
      assert.ok(
        Math.abs(distance / expected[name][i]! - 1) < 1e-3,
        `${name} ${steps}: ${distance}`,
      );
    });
  }
});
