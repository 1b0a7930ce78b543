import assert from "node:assert/strict";
import { embeddingRows } from "../../../src/ops/mlp_field/time_embedding.ts";

Deno.test("embeddingRows() is sin and cos of k pi t, for any finite t", () => {
  const width = 128, times = [0, 0, 0.25, 0.25, 1, -0.7, 5, 123.456, 0.25];
  const out = embeddingRows(times, width, new Float64Array(times.length * width));
  times.forEach((t, row) => {
    for (let k = 1; k <= width / 2; k++) {
      // Either way, the argument k pi t itself is rounded by k * |pi t| * 1e-16.
      const tolerance = 1e-14 * (1 + k * Math.abs(t));
      assert.ok(Math.abs(out[row * width + k - 1]! - Math.sin(k * Math.PI * t)) < tolerance);
      assert.ok(
        Math.abs(out[row * width + width / 2 + k - 1]! - Math.cos(k * Math.PI * t)) < tolerance,
      );
    }
  });
});
