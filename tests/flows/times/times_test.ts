import assert from "node:assert/strict";
import { logitNormalTimes } from "../../../src/flows/times/logit_normal_times.ts";
import type { TimeSampler } from "../../../src/flows/times/time_sampler.ts";
import { uniformTimes } from "../../../src/flows/times/uniform_times.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";

const key = keyOf(subsequences.times, 0);
const count = 20_000;
const drawn = (sampler: TimeSampler) => sampler.draw(key, { first: 0, count });

for (const sampler of [uniformTimes, logitNormalTimes({ mean: -1, deviation: 2 })]) {
  Deno.test(`${sampler.name} times are a function of the key and the row`, () => {
    const whole = sampler.draw(key, { first: 0, count: 50 });
    const part = sampler.draw(key, { first: 17, count: 20 });
    assert.deepEqual(part, whole.subarray(17, 37));
    assert.notDeepEqual(
      sampler.draw(keyOf(subsequences.times, 0, 1), { first: 17, count: 20 }),
      part,
    );
    assert.ok(whole.every((t) => t > 0 && t < 1));
  });
}

Deno.test("uniformTimes has the quantiles of the uniform distribution", () => {
  const sorted = drawn(uniformTimes).sort();
  for (const p of [0.1, 0.25, 0.5, 0.75, 0.9]) {
    // Standard error sqrt(p (1 - p) / n), at most 0.0035.
    assert.ok(Math.abs(sorted[Math.floor(p * count)]! - p) < 0.015, `${p}`);
  }
});

Deno.test("logitNormalTimes() has the quantiles and the mean of the logit-normal distribution", () => {
  // Quantiles of the standard normal distribution, from its tables.
  const z = { 0.1: -1.281552, 0.25: -0.67449, 0.5: 0, 0.75: 0.67449, 0.9: 1.281552 };
  for (const [mean, deviation] of [[0, 1], [1, 0.5], [-0.5, 2]] as const) {
    const times = drawn(logitNormalTimes({ mean, deviation }));
    const sorted = times.toSorted();
    for (const [p, quantile] of Object.entries(z)) {
      const expected = 1 / (1 + Math.exp(-(mean + deviation * quantile)));
      const found = sorted[Math.floor(Number(p) * count)]!;
      assert.ok(Math.abs(found - expected) < 0.015, `${mean}, ${deviation}, ${p}: ${found}`);
    }
    // Trapezoidal rule over z, accurate to all digits for such a smooth integrand.
    let integral = 0;
    for (let u = -8; u <= 8; u += 1 / 64) {
      integral += Math.exp(-u * u / 2) / (1 + Math.exp(-(mean + deviation * u))) / 64;
    }
    const expected = integral / Math.sqrt(2 * Math.PI);
    const found = times.reduce((sum, t) => sum + t, 0) / count;
    assert.ok(Math.abs(found - expected) < 0.01, `${mean}, ${deviation}: ${found}, ${expected}`);
  }
});

Deno.test("logitNormalTimes() refuses parameters of no normal distribution", () => {
  for (const bad of [{ mean: NaN }, { mean: Infinity }, { deviation: 0 }, { deviation: -1 }]) {
    assert.throws(() => logitNormalTimes(bad), { name: "RangeError" });
  }
});
