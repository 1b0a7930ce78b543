import assert from "node:assert/strict";
import { linearAxis } from "../../src/plot/_axis.ts";
import { boundsOfAll, fitPlane } from "../../src/plot/_plane.ts";

Deno.test("linearAxis() of values far from zero counts from one that its label names", () => {
  const axis = linearAxis("time", [1_699_999_990, 1_700_000_070], [0, 800], 4);
  assert.equal(axis.label, "time − 1700000000");
  assert.deepEqual(axis.ticks.map(({ label }) => label), ["0", "20", "40", "60"]);
  assert.deepEqual(axis.ticks.map(({ value }) => value - 1.7e9), [0, 20, 40, 60]);
  assert.equal(axis.at(1_700_000_030), 400);
  assert.equal(linearAxis("x", [-1_000_000.5, -999_999.5], [0, 1], 4).label, "x + 1000000");
  const near = linearAxis("x", [997, 1003], [0, 600], 3);
  assert.deepEqual([near.label, near.ticks[0]!.label], ["x", "998"]);
});

Deno.test("fitPlane() has one unit both ways, but not for columns of different units", () => {
  const place = { x: 0, y: 0, width: 400 };
  const unitsOf = (points: readonly number[]) => {
    const { area, bounds } = fitPlane(boundsOfAll([points]), place);
    return [
      area.width / (bounds.xMax - bounds.xMin),
      area.height / (bounds.yMax - bounds.yMin),
    ] as const;
  };
  const [x, y] = unitsOf([140, 30, 200, 120]); // centimetres and kilograms
  assert.ok(Math.abs(x / y - 1) < 0.01, `${x} ${y}`);
  // Ages and incomes: each fills its side, less the margins.
  const [age, income] = unitsOf([20, 1e4, 80, 2e5]);
  assert.ok(Math.abs(age * 60 / 400 - 1 / 1.12) < 0.01, `${age}`);
  assert.ok(Math.abs(income * 1.9e5 / 320 - 1 / 1.12) < 0.01, `${income}`);
});
