import assert from "node:assert/strict";
import { fitLine, orderOf } from "../../src/theory/line_fit.ts";

Deno.test("fitLine() matches a hand-computed slope and standard error", () => {
  // By hand: means 2.5 and 3.5; sum of dx dy 7, of dx^2 5; residuals 0.6, -1.8, 1.8, -0.6 over 1.
  const { slope, slopeStdErr } = fitLine([1, 2, 3, 4], [2, 1, 6, 5]);
  assert.ok(Math.abs(slope - 1.4) < 1e-12);
  assert.ok(Math.abs(slopeStdErr - Math.sqrt(7.2 / 2 / 5)) < 1e-12);
});

Deno.test("fitLine() returns the influence of each value", () => {
  const x = [0, 1, 3, 7], y = [1, 4, 2, 8];
  const { slope, influence } = fitLine(x, y);
  const raised = fitLine(x, y.with(2, 3)).slope;
  assert.ok(Math.abs(raised - slope - influence[2]!) < 1e-12);
});

Deno.test("orderOf() finds the power of 1/N", () => {
  const steps = [10, 20, 40, 80];
  const { slope, slopeStdErr } = orderOf(steps, steps.map((n) => 3 / n ** 2.5));
  assert.ok(Math.abs(slope - 2.5) < 1e-12);
  assert.ok(slopeStdErr < 1e-12);
});

Deno.test("orderOf() is NaN where an error is NaN", () => {
  assert.equal(orderOf([10, 20, 40], [NaN, 1, 2]).slope, NaN);
});
