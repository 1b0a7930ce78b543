import assert from "node:assert/strict";
import {
  extrapolated,
  halvings,
  judge,
  logSlope,
  measurementOf,
  rootMeanSquare,
} from "../../../src/theory/kfp/measurement.ts";

const steps = halvings(1 / 16);
const of = { case: "made up", equation: "a = b", steps };

/** A point whose error at step h is `error(h)`, with sides of size 2. */
function point(error: (h: number) => number) {
  return { errors: steps.map(error), size: 2 };
}

function passes(error: (h: number) => number): boolean {
  return judge(measurementOf(of, [point(error), point((h) => -error(h))])).every(({ pass }) =>
    pass
  );
}

Deno.test("halvings() returns six steps", () => {
  assert.deepEqual(halvings(1), [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32]);
});

Deno.test("logSlope() is the exponent of a power law, and the least-squares slope otherwise", () => {
  assert.ok(Math.abs(logSlope(steps, steps.map((h) => 7 * h ** 3)) - 3) < 1e-12);
  // Points (0,0), (1,0), (2,3) have the slope 1.5.
  const e = Math.E;
  assert.ok(Math.abs(logSlope([1, e, e ** 2], [1, 1, e ** 3]) - 1.5) < 1e-12);
});

Deno.test("extrapolated() removes the h^2 term and keeps the rest", () => {
  assert.ok(Math.abs(extrapolated(steps.map((h) => 5 + 3 * h ** 2)) - 5) < 1e-14);
});

Deno.test("rootMeanSquare() ignores signs", () => assert.equal(rootMeanSquare([-3, 3, -3]), 3));

Deno.test("judge() passes errors of order 2 only", () => {
  assert.equal(passes((h) => 0.3 * h ** 2), true);
  assert.equal(passes((h) => 0.3 * h ** 2 + h ** 4), true);
  assert.equal(passes((h) => 0.3 * h), false);
  assert.equal(passes((h) => 0.3 * h ** 3), false);
});

Deno.test("judge() rejects a constant error, however small", () => {
  // A millionth of the sides' size 2, and 2% of the error at the smallest step.
  assert.equal(passes((h) => 0.3 * h ** 2 + 2.1e-6), false);
  assert.equal(passes(() => 1), false);
});

Deno.test("judge() rejects NaN errors and zero sides", () => {
  assert.equal(passes(() => NaN), false);
  const nothing = measurementOf(of, [{ errors: steps.map(() => 0), size: 0 }]);
  assert.equal(judge(nothing).some(({ pass }) => pass), false);
});
