import assert from "node:assert/strict";
import { fieldFlop, predictedMs, stepFlop } from "./arithmetic.ts";

Deno.test("fieldFlop() counts every product of the network", () => {
  // Layers [2, 4], [4, 4], [4, 4], [4, 2] for values, and both tangents through all but the first.
  const values = 2 * (2 * 4 + 4 * 4 + 4 * 4 + 4 * 2);
  const tangents = 2 * 2 * (4 * 4 + 4 * 4 + 4 * 1);
  assert.equal(fieldFlop({ dims: 2, hidden: 4 }), values + tangents);
});

Deno.test("predictedMs() of a step at 140 evaluations is that of its 14 GFLOP", () => {
  const work = { dims: 2, hidden: 64, rows: 512, nfe: 140 };
  assert.ok(Math.abs(stepFlop(work) - 14.3e9) < 0.1e9);
  const { least, aim } = predictedMs(work, 20e12);
  assert.equal(least, 2 * aim);
  assert.ok(Math.abs(aim - 1.43) < 0.01);
});
