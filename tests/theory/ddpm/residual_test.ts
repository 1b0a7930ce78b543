import assert from "node:assert/strict";
import { breakdownStudy } from "../../../src/theory/ddpm/breakdown.ts";
import { data, schedule } from "../../../src/theory/ddpm/problem.ts";
import { residualRows, residualStudy, slicesOf } from "../../../src/theory/ddpm/residual.ts";
import { ancestral, updates } from "../../../src/theory/ddpm/updates.ts";
import { ancestralWith, mistakes } from "./_wrong_updates.ts";

Deno.test("residualStudy() finds slope 2 and passes for every seed", () => {
  for (const seed of [0, 1, 2, 3, 4]) {
    const { slope, claims, rows } = residualStudy(updates, seed);
    assert.deepEqual(claims.filter(({ pass }) => !pass), [], `seed ${seed}`);
    assert.ok(Math.abs(slope - 2) < 0.03, `seed ${seed}: ${slope}`);
    assert.deepEqual(rows.map(({ steps }) => steps), [
      ...[10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240],
    ]);
  }
});

Deno.test("residualStudy() derives a slope tolerance below 0.03 from the theorem", () => {
  const [slope, ratio] = residualStudy(updates, 0).claims;
  assert.ok(slope!.tolerance > 0 && slope!.tolerance < 0.03, `${slope!.tolerance}`);
  assert.ok(ratio!.tolerance > 0 && ratio!.tolerance < 2e-4, `${ratio!.tolerance}`);
});

for (const [name, mistake] of Object.entries(mistakes)) {
  Deno.test(`residualStudy() rejects an ancestral step where ${name}`, () => {
    const { slope, claims } = residualStudy({ ...updates, ancestral: mistake }, 0);
    // A first-order mistake leaves a first-order residual.
    assert.ok(Math.abs(slope - 1) < 0.1, `${slope}`);
    assert.deepEqual(claims.map(({ pass }) => pass), [false, false, false, true]);
  });
}

Deno.test("residualStudy() rejects an update that is wrong only in the second-order term", () => {
  const wrong = ancestralWith((b) => 1 / Math.sqrt(1 - b), (b) => b * Math.sqrt(1 - b));
  const { slope, claims } = residualStudy({ ...updates, ancestral: wrong }, 0);
  assert.ok(Math.abs(slope - 2) < 0.05, `${slope}`);
  assert.equal(claims[1]!.pass, false);
});

Deno.test("residualStudy() rejects a wrong noise term", () => {
  const quieter: typeof ancestral = (x, step) =>
    ancestral(x, { ...step, noise: step.noise.map((value) => 0.999 * value) });
  const { claims } = residualStudy({ ...updates, ancestral: quieter }, 0);
  assert.equal(claims[3]!.pass, false);
});

Deno.test("residualStudy() rejects updates that return NaN", () => {
  const nothing: typeof ancestral = (x) => x.map(() => NaN);
  const { claims } = residualStudy({ ...updates, ancestral: nothing }, 0);
  assert.deepEqual(claims.map(({ pass }) => pass), [false, false, false, false]);
});

Deno.test("residualRows() is the difference of the coefficients, without cancellation", () => {
  const slices = slicesOf(data, schedule, 0);
  for (const { steps, residual } of residualRows(updates, slices, [10, 160, 10_240])) {
    let sum = 0, count = 0;
    for (const { beta, x, score } of slices) {
      const b = beta / steps, less = Math.expm1(-Math.log1p(-b) / 2); // (1-b)^(-1/2) - 1
      // less - b/2 cancels at small b; use its series there.
      const a = b < 1e-3
        ? b * b * (3 / 8 + b * (5 / 16 + b * (35 / 128 + b * 63 / 256)))
        : less - b / 2;
      x.forEach((at, i) => sum += (a * at + b * less * score[i]!) ** 2);
      count += x.length;
    }
    const exact = Math.sqrt(sum / count);
    // Rounding of x, 2e-16, beside a difference of 4e-9 at N = 10,240.
    assert.ok(Math.abs(residual / exact - 1) < 1e-6, `N ${steps}: ${residual}, not ${exact}`);
  }
});

Deno.test("breakdownStudy() has no residual where beta_t reaches 1", () => {
  const [two, five, twenty] = breakdownStudy(updates, 0);
  assert.ok(two!.slope! > 2 && two!.slope! < five!.slope!, `${two!.slope}, ${five!.slope}`);
  assert.equal(twenty!.slope, null);
  for (const { rows } of [two!, five!, twenty!]) {
    for (const { largestBetaT, residual } of rows) {
      assert.equal(residual === null, largestBetaT >= 1, `${largestBetaT}: ${residual}`);
    }
  }
  assert.deepEqual(twenty!.rows.filter((row) => row.residual === null).map((row) => row.steps), [
    10,
    20,
  ]);
});
