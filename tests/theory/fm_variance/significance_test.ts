import assert from "node:assert/strict";
import { fillNormal, fillUniform } from "../../../src/core/random/random.ts";
import {
  chiSquareScore,
  criticalKolmogorov,
  criticalZ,
  kolmogorov,
  momentsOf,
  normalCdf,
} from "../../../src/theory/fm_variance/significance.ts";

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

// Expected numbers of the next three tests: scipy 1.17, stats.norm and stats.chi2.

Deno.test("normalCdf() matches tabulated values", () => {
  near(normalCdf(0), 0.5, 1e-15);
  near(normalCdf(1.959963984540054), 0.975, 1e-14);
  near(normalCdf(-3), 0.0013498980316300933, 1e-15);
});

Deno.test("criticalZ() inverts the two-sided tail", () => {
  near(criticalZ(0.05), 1.959963984540054, 1e-12);
  near(criticalZ(1e-7), 5.326723886384496, 1e-7);
});

Deno.test("chiSquareScore() is nearly normal, into the tails", () => {
  // chi2.ppf(norm.cdf(z), 1023): a perfect transformation would return z.
  near(chiSquareScore(1252.4042104, 1023), 4.75, 0.01);
  near(chiSquareScore(1022.3334106, 1023), 0, 0.001);
  near(chiSquareScore(822.3296746, 1023), -4.75, 0.01);
});

Deno.test("criticalKolmogorov() bounds the exceedance rate of uniform samples", () => {
  const samples = 2000, n = 50, p = 0.1;
  let exceeded = 0;
  for (let subsequence = 0; subsequence < samples; subsequence++) {
    const sample = fillUniform({ seed: 5, stream: 10, subsequence }, 0, new Float64Array(n));
    if (kolmogorov(sample, (x) => x) > criticalKolmogorov(p)) exceeded++;
  }
  // At most p (within 5 standard errors), and not vacuous.
  assert.ok(exceeded < samples * p + 5 * Math.sqrt(samples * p * (1 - p)), `${exceeded}`);
  assert.ok(exceeded > samples * p / 3, `${exceeded}`);
});

Deno.test("kolmogorov() is the largest gap on either side of a step, and keeps a NaN", () => {
  // Steps at 0.1 and 0.9 of the uniform distribution: the gaps are 0.4 just before 0.9 and after 0.1.
  near(kolmogorov(Float64Array.of(0.9, 0.1), (x) => x), Math.SQRT2 * 0.4, 1e-15);
  near(kolmogorov(Float64Array.of(0.9), (x) => x), 0.9, 1e-15);
  assert.ok(Number.isNaN(kolmogorov(Float64Array.of(0.5, NaN), (x) => x)));
});

Deno.test("kolmogorov() distinguishes a uniform sample from a normal one of the same variance", () => {
  const key = { seed: 1, stream: 10, subsequence: 7 };
  const uniform = fillUniform(key, 0, new Float64Array(4000)).map((u) => (u - 0.5) * Math.sqrt(12));
  const normal = fillNormal(key, 0, new Float64Array(4000));
  assert.ok(kolmogorov(uniform, normalCdf) > criticalKolmogorov(1e-6));
  assert.ok(kolmogorov(normal, normalCdf) < criticalKolmogorov(1e-6));
});

Deno.test("momentsOf() matches the spread over repeated samples", () => {
  const repetitions = 400, n = 500;
  const variances = Float64Array.from({ length: repetitions }, (_, subsequence) => {
    const key = { seed: 2, stream: 10, subsequence };
    return momentsOf(fillNormal(key, 0, new Float64Array(n))).variance;
  });
  const key = { seed: 2, stream: 10, subsequence: 0 };
  const { stdErr, meanStdErr } = momentsOf(fillNormal(key, 0, new Float64Array(n)));
  near(stdErr / Math.sqrt(momentsOf(variances).variance), 1, 0.25);
  near(meanStdErr, 1 / Math.sqrt(n), 0.1 / Math.sqrt(n));
  near(momentsOf([1, 2, 3, 6]).variance, 14 / 3, 1e-14);
  near(momentsOf([1, 2, 3, 6]).mean, 3, 1e-14);
});
