import assert from "node:assert/strict";
import {
  type GaussianPath,
  leastVariance,
  proved,
} from "../../../src/theory/fm_variance/gaussian_path.ts";
import { float64Integrator } from "../../../src/theory/fm_variance/transport.ts";

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

const independent: GaussianPath = { s: 1, rho: 0, sigmaMin: 0 };

/** Neither end of any range. */
const paths: readonly GaussianPath[] = [
  independent,
  { s: 0.7, rho: 0.3, sigmaMin: 0.2 },
  { s: 2, rho: -0.8, sigmaMin: 0 },
  { s: 1.5, rho: 1, sigmaMin: 0.4 },
  { s: 1, rho: -0.4, sigmaMin: 1 },
];

Deno.test("variance() has the values of simple special cases", () => {
  near(proved.variance(independent, 0.5), 0.5, 1e-15);
  near(proved.variance({ s: 3, rho: 0, sigmaMin: 0 }, 0), 9, 1e-15);
  near(proved.variance({ s: 3, rho: 0.2, sigmaMin: 0 }, 1), 9, 1e-15);
  near(proved.variance({ s: 1, rho: 0.5, sigmaMin: 0 }, 0.5), 0.75, 1e-15);
  near(proved.variance({ s: 2, rho: 0, sigmaMin: 0.5 }, 1), 5, 1e-15); // x1 + x0 / 2
  near(proved.variance({ s: 1, rho: 1, sigmaMin: 0.5 }, 1), 2.25, 1e-15); // 3/2 x0
  assert.equal(proved.variance({ s: 1, rho: -1, sigmaMin: 0 }, 0.5), 0);
  for (let i = 0; i <= 10; i++) {
    near(proved.variance({ s: 1, rho: 1, sigmaMin: 0 }, i / 10), 1, 1e-15);
  }
});

Deno.test("rate() is the derivative of the logarithm of the standard deviation", () => {
  const h = 1e-5; // the error is h^2 times the third derivative, which is below 100
  for (const path of paths) {
    const logStd = (t: number) => 0.5 * Math.log(proved.variance(path, t));
    for (const t of [0.1, 0.35, 0.6, 0.9]) {
      near(proved.rate(path, t), (logStd(t + h) - logStd(t - h)) / (2 * h), 2e-8);
    }
  }
  assert.deepEqual([0, 0.5, 1].map((t) => proved.rate(independent, t)), [-1, 0, 1]);
});

Deno.test("rate() is the velocity of the flow map that the solver finds", async () => {
  const h = 1e-3;
  for (const path of paths) {
    const t = 0.4, start = 1.7;
    const times = [0, t - h, t, t + h];
    const states = await float64Integrator(
      (time) => proved.rate(path, time),
      Float64Array.of(start),
      times,
    );
    const [before, at, after] = states.slice(1).map((state) => state[0]!);
    near((after! - before!) / (2 * h), proved.rate(path, t) * at!, 2e-5);
    near(at! / start, Math.sqrt(proved.variance(path, t)) / path.s, 1e-9);
  }
});

Deno.test("leastVariance() is a lower bound of the variance and is attained", () => {
  for (const path of paths) {
    const least = leastVariance(path);
    near(proved.variance(path, least.t), least.variance, 1e-14);
    for (let i = 0; i <= 200; i++) {
      assert.ok(proved.variance(path, i / 200) >= least.variance - 1e-14);
    }
  }
  assert.deepEqual(leastVariance(independent), { t: 0.5, variance: 0.5 });
  assert.deepEqual(leastVariance({ s: 2, rho: 1, sigmaMin: 0 }), { t: 0, variance: 4 });
  near(leastVariance({ s: 1, rho: -1, sigmaMin: 0.5 }).t, 1 / 1.5, 1e-15);
});

Deno.test("pairs() have the requested variances and correlation", () => {
  const n = 40_000;
  for (const path of paths) {
    const { x0, x1 } = proved.pairs(path, { seed: 3, stream: 10, subsequence: 99 }, n);
    const mean = (f: (i: number) => number) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += f(i);
      return sum / n / path.s ** 2;
    };
    // 5 standard errors, at most sqrt(2 / n) each.
    near(mean((i) => x0[i]! ** 2), 1, 5 * Math.sqrt(2 / n));
    near(mean((i) => x1[i]! ** 2), 1, 5 * Math.sqrt(2 / n));
    near(mean((i) => x0[i]! * x1[i]!), path.rho, 5 * Math.sqrt(2 / n));
  }
});
