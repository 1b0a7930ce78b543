import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import { pointDataset } from "../../src/data/point_dataset.ts";

/** Row i is (i, -i). */
const rows = (count: number) =>
  Float64Array.from({ length: 2 * count }, (_, i) => i % 2 ? -(i >> 1) : i >> 1);

Deno.test("pointDataset() contains every row once, in train or test", () => {
  const { train, test, kind, dims } = pointDataset({ name: "own", points: rows(50), dims: 2 });
  assert.deepEqual([kind, dims, train.count, test.count], ["points", 2, 40, 10]);
  const all = [...train.points, ...test.points];
  const firsts = all.filter((_, i) => i % 2 === 0), seconds = all.filter((_, i) => i % 2 === 1);
  assert.deepEqual(seconds, firsts.map((first) => -first));
  assert.deepEqual(firsts.toSorted((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
});

Deno.test("pointDataset() splits by its seed", () => {
  const testRows = (seed: number) =>
    [...pointDataset({ name: "own", points: rows(50), dims: 2, seed }).test.points].join();
  assert.equal(testRows(1), testRows(1));
  assert.notEqual(testRows(1), testRows(2));
});

Deno.test("pointDataset() refuses partial rows and non-finite numbers", () => {
  const own = { name: "own", dims: 2 };
  assert.throws(
    () => pointDataset({ ...own, points: new Float32Array(21) }),
    /rows of 2 numbers, got 21/,
  );
  assert.throws(() => pointDataset({ ...own, points: rows(20), dims: 0 }), RangeError);
  // 1e39 is finite only in float64.
  assert.throws(() => pointDataset({ ...own, points: rows(20).with(7, 1e39) }), /row 3 has 1e\+39/);
  assert.throws(() => pointDataset({ ...own, points: rows(9) }), InputError);
});

Deno.test("pointDataset() refuses arrays that are not typed", () => {
  const points = Array.from({ length: 40 }, (_, i) => i) as unknown as Float32Array;
  assert.throws(() => pointDataset({ name: "mine", points, dims: 2 }), {
    name: "RangeError",
    message: /must be a Float32Array or Float64Array, row after row, got an array$/,
  });
});
