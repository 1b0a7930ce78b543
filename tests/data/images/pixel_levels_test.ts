import assert from "node:assert/strict";
import { dequantize, pixelLevels } from "../../../src/data/images/pixel_levels.ts";

for (const binarize of [true, false]) {
  const levels = pixelLevels(binarize), most = levels.count - 1;
  const rows = Float32Array.from({ length: 4000 }, (_, i) => (i * 7 % levels.count) / most);

  Deno.test(`dequantize() of ${levels.count} levels is uniform on the box around each pixel`, () => {
    const noisy = dequantize(rows, levels, { pixels: 4, seed: 3, firstRow: 0 });
    const offsets = noisy.map((value, i) => (value - rows[i]!) * most);
    // Rounding error of a float32 near 1, in units of 1/255.
    assert.ok(offsets.every((offset) => Math.abs(offset) <= 0.5 + 1e-4));
    const mean = offsets.reduce((sum, x) => sum + x, 0) / offsets.length;
    const variance = offsets.reduce((sum, x) => sum + x * x, 0) / offsets.length;
    // Uniform: mean 0 +- 0.0046, variance 1/12 +- 0.0012.
    assert.ok(Math.abs(mean) < 0.02, `${mean}`);
    assert.ok(Math.abs(variance - 1 / 12) < 0.005, `${variance}`);
    const part = dequantize(rows.slice(400), levels, { pixels: 4, seed: 3, firstRow: 100 });
    assert.deepEqual(part, noisy.slice(400), "row i's noise depends only on (seed, i)");
    const other = dequantize(rows, levels, { pixels: 4, seed: 4, firstRow: 0 });
    assert.notDeepEqual(other, noisy);
  });
}
