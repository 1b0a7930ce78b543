import assert from "node:assert/strict";
import { fillNormal } from "../../../src/core/random/random.ts";
import {
  cumulativeOf,
  densityOf,
  diffused,
  drawFrom,
  quantilesOf,
  scoreOf,
} from "../../../src/theory/ddpm/mixture.ts";
import { data, schedule } from "../../../src/theory/ddpm/problem.ts";
import { noiseRate } from "../../../src/theory/ddpm/schedule.ts";

const places = Float64Array.from({ length: 61 }, (_, i) => -3 + i / 10);

Deno.test("scoreOf() is the derivative of the log-density", () => {
  const h = 1e-5;
  for (const t of [0, 0.3, 1]) {
    const mixture = diffused(data, schedule, t);
    scoreOf(mixture, places).forEach((score, i) => {
      const at = (x: number) => Math.log(densityOf(mixture, x));
      const slope = (at(places[i]! + h) - at(places[i]! - h)) / (2 * h);
      // Error of h^2 / 6 times the third derivative, up to 1e3 between peaks, plus rounding.
      assert.ok(Math.abs(score - slope) < 1e-6, `t ${t}, x ${places[i]}: ${score} and ${slope}`);
    });
  }
});

Deno.test("scoreOf() is the nearest component's where the density underflows", () => {
  const [left, right] = scoreOf(data, Float64Array.of(-40, 40));
  assert.equal(densityOf(data, 40), 0);
  assert.ok(Math.abs(left! - (-1.5 + 40) / 0.09) < 1e-9);
  assert.ok(Math.abs(right! - (2 - 40) / 0.09) < 1e-9);
});

Deno.test("diffused() satisfies the Fokker-Planck equation of the forward process", () => {
  const h = 1e-3;
  for (const t of [0.2, 0.6, 0.9]) {
    for (const x of places) {
      const p = (x: number, t: number) => densityOf(diffused(data, schedule, t), x);
      const ofTime = (p(x, t + h) - p(x, t - h)) / (2 * h);
      const drift = ((x + h) * p(x + h, t) - (x - h) * p(x - h, t)) / (2 * h);
      const bend = (p(x + h, t) - 2 * p(x, t) + p(x - h, t)) / (h * h);
      const right = noiseRate(schedule, t) / 2 * (drift + bend);
      assert.ok(Math.abs(ofTime - right) < 1e-4, `t ${t}, x ${x}: ${ofTime} and ${right}`);
    }
  }
});

Deno.test("diffused() has the moments of samples from DDPM's forward chain", () => {
  const n = 20_000, steps = 200, end = 120;
  const key = (subsequence: number) => ({ seed: 5, stream: 10, subsequence });
  let x = drawFrom(data, { component: key(0), place: key(1) }, n);
  for (let k = 1; k <= end; k++) {
    const betaK = noiseRate(schedule, k / steps) / steps;
    const noise = fillNormal(key(10 + k), 0, new Float64Array(n));
    x = x.map((at, i) => Math.sqrt(1 - betaK) * at + Math.sqrt(betaK) * noise[i]!);
  }
  const { weights, means, stdDev } = diffused(data, schedule, end / steps);
  // Raw moments of a mixture of Gaussians, and of the draws.
  const expected = [
    weights.reduce((sum, w, i) => sum + w * means[i]!, 0),
    weights.reduce((sum, w, i) => sum + w * (means[i]! ** 2 + stdDev ** 2), 0),
    weights.reduce((sum, w, i) => sum + w * (means[i]! ** 3 + 3 * means[i]! * stdDev ** 2), 0),
  ];
  expected.forEach((value, i) => {
    const powers = x.map((at) => at ** (i + 1));
    const mean = powers.reduce((a, b) => a + b) / n;
    const stdErr = Math.sqrt(powers.reduce((sum, p) => sum + (p - mean) ** 2, 0)) / n;
    // 4.5 standard errors, and the chain's own distance to its limit, of order 1 / steps.
    assert.ok(Math.abs(mean - value) < 4.5 * stdErr + 1 / steps, `moment ${i + 1}: ${mean}`);
  });
});

Deno.test("cumulativeOf() is the integral of densityOf()", () => {
  const h = 1e-4;
  for (const x of places) {
    const slope = (cumulativeOf(data, x + h) - cumulativeOf(data, x - h)) / (2 * h);
    assert.ok(Math.abs(slope - densityOf(data, x)) < 1e-6, `x ${x}`);
  }
  assert.ok(cumulativeOf(data, -6) < 1e-12);
  assert.ok(1 - cumulativeOf(data, 6) < 1e-12);
});

Deno.test("quantilesOf() inverts cumulativeOf(), in ascending order", () => {
  const n = 500;
  const quantiles = quantilesOf(data, n);
  quantiles.forEach((x, i) => {
    assert.ok(Math.abs(cumulativeOf(data, x) - (i + 0.5) / n) < 1e-12, `quantile ${i}`);
    assert.ok(i === 0 || x > quantiles[i - 1]!);
  });
});

Deno.test("drawFrom() draws each component in proportion to its weight", () => {
  const n = 20_000;
  const keys = {
    component: { seed: 3, stream: 10 },
    place: { seed: 3, stream: 10, subsequence: 1 },
  };
  const x = drawFrom(data, keys, n);
  // The valleys between the peaks are at -0.5 and 1.25.
  for (const [low, high] of [[-9, -0.5], [-0.5, 1.25], [1.25, 9]] as const) {
    const share = x.filter((at) => at >= low && at < high).length / n;
    const p = cumulativeOf(data, high) - cumulativeOf(data, low);
    assert.ok(Math.abs(share - p) < 4.5 * Math.sqrt(p * (1 - p) / n), `${low}: ${share}, not ${p}`);
  }
  assert.deepEqual(drawFrom(data, keys, 100), x.slice(0, 100));
});
