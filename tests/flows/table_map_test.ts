import assert from "node:assert/strict";
import fc from "fast-check";
import { callerKey } from "../../src/core/random/subsequences.ts";
import type { ColumnKind } from "../../src/data/tables/kinds/column_kind.ts";
import {
  decimalsOf,
  fitsFloat32,
  logVolumes,
  type Standardization,
  toData,
  toModel,
  whyImpossibleRow,
} from "../../src/flows/standardization.ts";

const log: ColumnKind = { kind: "log" };
const tenths: ColumnKind = { kind: "dequantized", step: 0.1, origin: 0 };
const species: ColumnKind = {
  kind: "categorical",
  categories: ["setosa", "versicolor", "virginica"],
};

/** A map of the given columns; centers and scales by coordinate. */
function mapOf(
  columns: readonly ColumnKind[],
  center: readonly number[],
  scale: readonly number[],
): Standardization {
  return { kind: "zscore", center, scale, columns };
}

const mixed = mapOf(
  [{ kind: "real" }, log, tenths, species],
  [170, 2, 5, 0.2, 0.5, 0.3],
  [10, 0.7, 1.3, 0.4, 0.5, 0.45],
);

/** Values of the columns of `mixed`. */
const row = fc.tuple(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  fc.integer({ min: -100, max: 200 }).map((tenth) => tenth / 10),
  fc.integer({ min: 0, max: 2 }),
);

Deno.test("toData() undoes toModel() for every kind of column: discrete values to the bit", () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 9 }), fc.nat(), (rows, seed) => {
      const points = Float64Array.from(rows.flat());
      const z = toModel(mixed, points, { key: callerKey(seed) });
      assert.equal(z.length, rows.length * 6);
      const back = toData(mixed, z);
      rows.forEach(([real, positive, tenth, category], i) => {
        const [x, y, grid, index] = back.subarray(4 * i, 4 * i + 4);
        // float32 of z: relative to the distance from the center.
        assert.ok(Math.abs(x! - real) <= 1e-6 * (Math.abs(real) + 170));
        assert.ok(Math.abs(y! / positive - 1) <= 1e-5);
        assert.equal(grid, tenth);
        assert.equal(index, category);
      });
      // A fixed seed: noise within 1e-5 of a cell's edge, one draw in 1e5, may cross it in float32.
    }),
    { seed: 7 },
  );
});

Deno.test("logVolumes() is the logarithm of dy/dx, by finite differences", () => {
  fc.assert(fc.property(fc.double({ min: 0.01, max: 1e4, noNaN: true }), (x) => {
    const own = mapOf([log], [0], [1]);
    const h = 1e-3 * x;
    const [up, down] = [x + h, x - h].map((at) => toModel(own, Float64Array.of(at))[0]!);
    const slope = (up! - down!) / (2 * h);
    // The centred difference of log errs by h^2 / (3 x^2) = 3e-7, float32 of y by 1e-6 / 2e-3.
    assert.ok(Math.abs(logVolumes(own, Float64Array.of(x))![0]! - Math.log(slope)) < 2e-3);
  }));
});

Deno.test("dequantisation spreads a value evenly over its cell, one draw per row", () => {
  const n = 4000;
  const points = Float64Array.from({ length: 4 * n }, (_, i) => [0, 1, 5.3, 1][i % 4]!);
  const own: Standardization = { ...mixed, center: Array(6).fill(0), scale: Array(6).fill(1) };
  const z = toModel(own, points, { key: callerKey(1) });
  const column = (k: number) => Float64Array.from({ length: n }, (_, i) => z[6 * i + k]!).sort();
  for (const [k, low, high] of [[2, 5.25, 5.35], [3, -0.5, 0.5], [4, 0.5, 1.5], [5, -0.5, 0.5]]) {
    // Kolmogorov-Smirnov against the uniform distribution of the cell: 1.95 / sqrt(n) has p = 0.001.
    const largest = column(k!).reduce(
      (most, value, i) => Math.max(most, Math.abs((value - low!) / (high! - low!) - (i + 0.5) / n)),
      0,
    );
    assert.ok(largest < 1.95 / Math.sqrt(n), `coordinate ${k}: ${largest}`);
  }
  // Rows 7 to 9 alone are what they are among the others.
  const part = toModel(own, points.subarray(28, 40), { key: callerKey(1), firstRow: 7 });
  assert.deepEqual(part, z.subarray(42, 60));
  assert.notDeepEqual(toModel(own, points, { key: callerKey(2) }), z);
  // Without noise a value is the middle of its cell.
  assert.deepEqual(
    [...toModel(own, points.subarray(0, 4))].slice(2),
    [5.3, 0, 1, 0].map(Math.fround),
  );
});

Deno.test("impossible values have likelihood 0 and are named; the model sees the center", () => {
  const rows: readonly (readonly [number[], string | null])[] = [
    [[1, 2, 5.1, 0], null],
    [[1, 0, 5.1, 0], "column 2: 0 is not above 0, and the model learnt logarithms"],
    [[1, 2, 5.14, 0], "column 3: 5.14 is not a multiple of 0.1, as its values were in training"],
    [[1, 2, 5.1, 3], "column 4: 3 is no index of its 3 categories"],
  ];
  for (const [values, reason] of rows) {
    const row = Float64Array.from(values);
    assert.equal(whyImpossibleRow(mixed, row), reason);
    assert.equal(logVolumes(mixed, row)![0] === -Infinity, reason !== null);
    assert.ok(toModel(mixed, row).every(Number.isFinite));
  }
  // A grid far from 0 in float32: the rounding of the file is no fault of the value.
  const far = mapOf([{ kind: "dequantized", step: 0.5, origin: 0 }], [1e5], [10]);
  assert.equal(whyImpossibleRow(far, Float64Array.of(Math.fround(100_000.5))), null);
});

Deno.test("samples are written with the digits that a column's kind needs", () => {
  assert.deepEqual(decimalsOf(mixed), [7, null, 1, 0]);
  assert.ok(fitsFloat32(mixed));
  const years = { kind: "dequantized", step: 1, origin: 0 } as const;
  assert.deepEqual(decimalsOf(mapOf([years], [2000], [1e5])), [0]);
  assert.ok(!fitsFloat32(mapOf([{ kind: "dequantized", step: 1e-3, origin: 0 }], [1e5], [10])));
  assert.ok(!fitsFloat32(mapOf([log], [0], [20])));
});
