import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { timeEmbedding, timeEmbeddingTensor } from "../../../src/nn/time_embedding.ts";
import { backendTest } from "../../support/backends.ts";

// Times at the ends, outside, tiny and where sines change sign; widths with 1 to 4 numbers in the last quad.
const times = Float32Array.of(0, 1, 0.5, 1 / 3, 1e-7, 0.99999994, -0.25, 7.125, 0.7853982);
const widths = [2, 4, 6, 8, 10, 128];

backendTest("timeEmbeddingTensor() of times on a GPU is that of the host", ["webgpu"], async () => {
  const t = tf.tensor1d(times);
  for (const width of widths) {
    const y = timeEmbeddingTensor(t, width);
    assert.deepEqual(y.shape, [times.length, width]);
    const expected = timeEmbedding(times, width);
    (await y.data()).forEach((value, i) => {
      const k = 1 + (i % width) % (width / 2), t = times[Math.floor(i / width)]!;
      // Software adapters do not fuse fma(), so k t is rounded, by 2^-24 of it.
      const tolerance = 5e-7 + Math.PI * 2 ** -24 * k * Math.abs(t);
      assert.ok(Math.abs(value - expected[i]!) < tolerance, `width ${width}, ${i}: ${value}`);
    });
    y.dispose();
  }
  t.dispose();
});
