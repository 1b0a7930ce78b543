import assert from "node:assert/strict";
import { embeddingFrequencies, timeEmbedding } from "../../src/nn/time_embedding.ts";

Deno.test("timeEmbedding() has sines before cosines, with frequencies from pi upwards", () => {
  const half = timeEmbedding([0.5], 6);
  // sin and cos of pi/2, pi, 3 pi/2
  [1, 0, -1, 0, -1, 0].forEach((expected, i) => assert.ok(Math.abs(half[i]! - expected) < 1e-7));
});

Deno.test("timeEmbedding() uses each row's own time, also after repeated ones", () => {
  const width = 8, times = [0.1, 0.1, 0.7, 0.1];
  const rows = timeEmbedding(times, width);
  times.forEach((t, row) =>
    assert.deepEqual(rows.slice(row * width, (row + 1) * width), timeEmbedding([t], width))
  );
});

Deno.test("timeEmbedding() has unit pairs at any finite time", () => {
  for (const t of [-3.25, 5, 1e6]) {
    const [sine, cosine] = timeEmbedding([t], 2) as unknown as [number, number];
    assert.ok(Math.abs(sine ** 2 + cosine ** 2 - 1) < 1e-6);
  }
});

Deno.test("timeEmbedding() refuses odd widths and times that are not finite", () => {
  for (const width of [7, 0, -2, 2.5]) {
    assert.throws(() => timeEmbedding([0], width), RangeError);
    assert.throws(() => embeddingFrequencies(width), RangeError);
  }
  assert.throws(() => timeEmbedding([0, NaN], 8), /row 1/);
  assert.throws(() => timeEmbedding([Infinity], 8), RangeError);
});
