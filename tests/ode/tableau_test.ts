import assert from "node:assert/strict";
import { defineTableau } from "../../src/ode/tableau.ts";
import { tableaus } from "../../src/ode/tableaus.ts";

const heun = { name: "heun", order: 2, c: [0, 1], a: [[], [1]], b: [1 / 2, 1 / 2] };

Deno.test("defineTableau() detects FSAL methods", () => {
  const reusing = Object.values(tableaus).filter((tableau) => tableau.firstSameAsLast);
  assert.deepEqual(reusing.map(({ name }) => name), ["bosh3", "dopri5", "tsit5"]);
});

Deno.test("defineTableau() rejects a tableau with a typo", () => {
  const slips: [Parameters<typeof defineTableau>[0], RegExp][] = [
    [{ ...heun, b: [1 / 2, 1 / 3] }, /b sums to 0\.83/],
    [{ ...heun, a: [[], [1 / 2]] }, /stage 1: weights sum to 0\.5, the node is 1/],
    [{ ...heun, a: [[], [1, 0]] }, /stage 1: expected 1 weights, got 2/],
    [{ ...heun, b: [1] }, /expected 2 stages everywhere/],
    [{ ...heun, bError: [1 / 2, 1 / 2] }, /bError sums to 1, not 0/],
    [{ ...heun, bMid: [1 / 2, 1 / 2] }, /bMid sums to 1, not 1\/2/],
  ];
  for (const [slip, message] of slips) {
    assert.throws(() => defineTableau(slip), { name: "RangeError", message });
  }
});

// Order conditions up to four (Hairer, Norsett, Wanner I, table II.2.1), which the sums that
// defineTableau() checks do not cover.
for (const { name, order, a, b, c } of Object.values(tableaus)) {
  Deno.test(`${name} meets its order conditions`, () => {
    const sum = (f: (i: number) => number) =>
      b.reduce((total, weight, i) => total + weight * f(i), 0);
    const through = (i: number, f: (j: number) => number) =>
      a[i]!.reduce((total, weight, j) => total + weight * f(j), 0);
    const conditions: [number, number, number][] = [
      [2, sum((i) => c[i]!), 1 / 2],
      [3, sum((i) => c[i]! ** 2), 1 / 3],
      [3, sum((i) => through(i, (j) => c[j]!)), 1 / 6],
      [4, sum((i) => c[i]! ** 3), 1 / 4],
      [4, sum((i) => c[i]! * through(i, (j) => c[j]!)), 1 / 8],
      [4, sum((i) => through(i, (j) => c[j]! ** 2)), 1 / 12],
      [4, sum((i) => through(i, (j) => through(j, (k) => c[k]!))), 1 / 24],
      [5, sum((i) => c[i]! ** 4), 1 / 5],
    ];
    for (const [needed, value, expected] of conditions) {
      if (needed <= order) assert.ok(Math.abs(value - expected) < 1e-12, `${value}, ${expected}`);
    }
  });
}

for (const { name, errorOrder, a, c, bError } of Object.values(tableaus)) {
  if (bError === null) continue;
  Deno.test(`${name}'s error estimate has the order that step-size control assumes`, () => {
    // One step of y' = y cos t, a nonlinear function of t, from t = 0.2.
    const estimate = (h: number) => {
      const slopes: number[] = [];
      c.forEach((node, i) => {
        const y = 1 + h * a[i]!.reduce((sum, weight, j) => sum + weight * slopes[j]!, 0);
        slopes.push(y * Math.cos(0.2 + node * h));
      });
      return Math.abs(h * bError.reduce((sum, weight, i) => sum + weight * slopes[i]!, 0));
    };
    const observed = Math.log2(estimate(0.1) / estimate(0.05));
    assert.ok(Math.abs(observed - errorOrder) < 0.2, `${observed}`);
  });
}
