import assert from "node:assert/strict";
import {
  decimalsOf,
  fitsFloat32,
  logScaleSum,
  type Standardization,
  toData,
  toModel,
} from "../../src/flows/standardization.ts";

const heights: Standardization = { kind: "zscore", center: [170, 65], scale: [10, 15] };
const timestamps: Standardization = { kind: "zscore", center: [1.7e9, 0], scale: [30, 1] };

Deno.test("toModel() subtracts before it rounds, so timestamps stay distinct", () => {
  const times = Float64Array.from({ length: 500 }, (_, i) => 1.7e9 + i * 0.2 + (i % 7) * 1e-3);
  const points = Float64Array.from({ length: 1000 }, (_, i) => i % 2 === 0 ? times[i / 2]! : i);
  const z = toModel(timestamps, points);
  assert.equal(new Set(z.filter((_, i) => i % 2 === 0)).size, 500);
  assert.equal(new Set(Float32Array.from(times)).size, 2); // what float32 alone leaves of them
});

Deno.test("toData() is the inverse of toModel(), column by column", () => {
  const points = Float64Array.of(183, 65, 160, 80, 170, 50);
  const z = toModel(heights, points);
  assert.deepEqual([...z], [1.3, 0, -1, 1, 0, -1].map(Math.fround));
  toData(heights, z).forEach((value, i) => assert.ok(Math.abs(value - points[i]!) < 1e-5));
});

Deno.test("without a standardisation values pass unchanged", () => {
  const rows = Float32Array.of(1, 2);
  assert.equal(toModel(null, rows), rows);
  assert.equal(toData(undefined, rows), rows);
  assert.deepEqual(toModel(null, Float64Array.of(0.1)), Float32Array.of(0.1));
  assert.equal(logScaleSum(null), 0);
  assert.equal(logScaleSum(heights), Math.log(10) + Math.log(15));
});

Deno.test("fitsFloat32() and decimalsOf() keep the precision of a column's scale", () => {
  assert.ok(fitsFloat32(null) && fitsFloat32(heights));
  assert.ok(!fitsFloat32(timestamps));
  assert.deepEqual(decimalsOf(heights), [7, 7]);
  assert.deepEqual(decimalsOf({ kind: "zscore", center: [0, 0], scale: [0.02, 3e12] }), [10, 0]);
});
