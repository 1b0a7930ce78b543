import assert from "node:assert/strict";
import fc from "fast-check";
import { denseBands } from "../../src/plot/drawing/_dense_bands.ts";

const COLUMNS = 20, thickness = 2;

function bandsOf(y: readonly number[]): number[][] | null {
  const x = Float64Array.from(y, (_, i) => i);
  return denseBands(x, Float64Array.from(y), { columns: COLUMNS, thickness });
}

/** Corners of a band by column: x, upper and lower y. */
function columnsOf(band: readonly number[]): number[][] {
  const corners = band.length / 4;
  return Array.from(
    { length: corners },
    (_, i) => [band[2 * i]!, band[2 * i + 1]!, band[band.length - 2 * i - 1]!],
  );
}

Deno.test("denseBands() holds every value of a line and reaches half a line beyond the extremes", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 41, maxLength: 400 }),
    (y) => {
      const bands = bandsOf(y)!;
      assert.equal(bands.length, 1);
      const columns = columnsOf(bands[0]!);
      assert.equal(columns.length, COLUMNS);
      y.forEach((value, i) => {
        const column = columns.findIndex((_, at) =>
          i >= Math.floor(at * y.length / COLUMNS) && i < Math.floor((at + 1) * y.length / COLUMNS)
        );
        const [, top, bottom] = columns[column]!;
        assert.ok(top! <= value - 1 && value + 1 <= bottom!, `value ${i}`);
      });
      assert.equal(Math.min(...columns.map(([, top]) => top!)), Math.min(...y) - 1);
      assert.equal(Math.max(...columns.map(([, , bottom]) => bottom!)), Math.max(...y) + 1);
    },
  ));
});

Deno.test("denseBands() is interrupted where a line has no values, and null of few points", () => {
  const y = Array.from({ length: 200 }, (_, i) => i >= 80 && i < 120 ? NaN : 5);
  const bands = bandsOf(y)!;
  assert.equal(bands.length, 2);
  const [first, second] = bands.map(columnsOf);
  assert.ok(first!.every(([x]) => x! < 80) && second!.every(([x]) => x! > 119));
  assert.deepEqual(bandsOf(Array(200).fill(NaN)), []);
  assert.equal(bandsOf(Array(40).fill(1)), null);
});
