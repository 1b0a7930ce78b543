import assert from "node:assert/strict";
import { fillNormal } from "../../src/core/random/random.ts";
import { callerKey } from "../../src/core/random/subsequences.ts";
import { fitGaussian } from "../../src/metrics/gaussian.ts";

/** Rows (5 + 2 a, 1000 + 30 (0.6 a + 0.8 b)): correlation 0.6. */
function correlated(n: number, index = 0): Float64Array {
  const z = fillNormal(callerKey(1, index), 0, new Float64Array(2 * n));
  return Float64Array.from(z, (_, i) => {
    const a = z[i - i % 2]!, b = z[i - i % 2 + 1]!;
    return i % 2 === 0 ? 5 + 2 * a : 1000 + 30 * (0.6 * a + 0.8 * b);
  });
}

const mean = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

Deno.test("fitGaussian() of normal points has their entropy as NLL on other points", () => {
  const { logDensity, ridge } = fitGaussian(correlated(20_000), 2);
  // log(2 pi e) + log of the scales' product + half the log of 1 - 0.6^2; five standard errors.
  const entropy = Math.log(2 * Math.PI * Math.E) + Math.log(2 * 30) + Math.log(0.64) / 2;
  assert.equal(ridge, 0);
  assert.ok(Math.abs(-mean(logDensity(correlated(20_000, 1))) - entropy) < 5 / Math.sqrt(20_000));
});

Deno.test("fitGaussian() of its own points: the mean of squared distances is the dimension", () => {
  // By maximum likelihood, NLL = d/2 log(2 pi) + log det(S)/2 + d/2, exactly.
  const points = Float64Array.of(1, 0, 3, 1, 2, 5, 8, 2, 4, 4);
  const { logDensity } = fitGaussian(points, 2);
  // Covariances of the columns 1, 3, 2, 8, 4 and 0, 1, 5, 2, 4 about 3.6 and 2.4, over 5.
  const [xx, xy, yy] = [5.84, 0.36, 3.44];
  const expected = Math.log(2 * Math.PI) + Math.log(xx * yy - xy * xy) / 2 + 1;
  assert.ok(Math.abs(-mean(logDensity(points)) - expected) < 1e-12);
});

Deno.test("fitGaussian() of collinear, constant or too few points has a ridge and stays finite", () => {
  const line = Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1 : 3) * (i >> 1) / 7);
  const constant = Float64Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? i : 0.1);
  const few = correlated(2).slice(0, 4);
  for (const points of [line, constant, few, correlated(1).slice(0, 2)]) {
    const { logDensity, ridge } = fitGaussian(points, 2);
    assert.equal(ridge, 1e-3);
    assert.ok(logDensity(points).every(Number.isFinite));
  }
  // The line's z-scores have correlation 1: eigenvalues 2 + r and r with the ridge r.
  const scale = Math.sqrt((100 ** 2 - 1) / 12) / 7;
  const r = 1e-3, determinant = (2 + r) * r;
  const at = fitGaussian(line, 2).logDensity([99 / 14, 3 * 99 / 14]);
  const expected = -Math.log(2 * Math.PI) - Math.log(scale * 3 * scale) - Math.log(determinant) / 2;
  assert.ok(Math.abs(at[0]! - expected) < 1e-9, `${at[0]} ${expected}`);
});

Deno.test("fitGaussian() with uniform noise is what points with that noise give in the mean", () => {
  // Each row 40 times, its second number at the middles of 40 equal parts of a cell of width 30.
  const parts = 40, width = 30;
  const points = correlated(60), other = correlated(7, 1);
  const spread = (values: Float64Array) =>
    Float64Array.from({ length: parts * values.length }, (_, i) => {
      const row = Math.floor(i / 2 / parts), part = Math.floor(i / 2) % parts;
      return values[2 * row + i % 2]! + i % 2 * width * ((part + 0.5) / parts - 0.5);
    });
  const noisy = fitGaussian(spread(points), 2).logDensity(spread(other));
  fitGaussian(points, 2, { widths: [0, width] }).logDensity(other).forEach((found, row) => {
    const expected = mean(noisy.slice(row * parts, (row + 1) * parts));
    assert.ok(Math.abs(found - expected) < 1e-3, `${found} ${expected}`);
  });
});

Deno.test("fitGaussian() does not depend on the columns' units", () => {
  const points = correlated(50), other = correlated(20, 1);
  // Seconds since 1970 and a small fraction.
  const units = (values: Float64Array) =>
    values.map((value, i) => i % 2 === 0 ? 1.7e9 + value : 1e-9 * value);
  const expected = fitGaussian(points, 2).logDensity(other);
  const found = fitGaussian(units(points), 2).logDensity(units(other));
  found.forEach((value, i) =>
    assert.ok(Math.abs(value - Math.log(1e9) - expected[i]!) < 1e-5, `${value} ${expected[i]}`)
  );
  assert.throws(() => fitGaussian([1, 2, 3], 2), RangeError);
});
