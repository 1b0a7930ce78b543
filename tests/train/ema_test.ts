import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { emaDecay, MovingAverage } from "../../src/train/ema.ts";
import { backendTest } from "../support/backends.ts";

backendTest("MovingAverage of constant weights comes to them", ["cpu", "webgpu"], async () => {
  const average = new MovingAverage(0.9, Float32Array.of(5, -5));
  const weights = tf.tensor1d([1, 2]);
  for (let step = 0; step < 200; step++) average.update(weights, step);
  const [a, b] = await average.read();
  // What is left of the start is at most 7 * 0.9^100 = 2e-4.
  assert.ok(Math.abs(a! - 1) < 3e-4 && Math.abs(b! - 2) < 3e-4, `${a}, ${b}`);
  weights.dispose();
  average.dispose();
});

backendTest("MovingAverage weighs by its decay", ["cpu"], async () => {
  const average = new MovingAverage(0.75, Float32Array.of(0));
  const weights = tf.tensor1d([1]);
  average.update(weights, 1000);
  average.update(weights, 1001);
  // 1/4, then 3/4 of that and 1/4.
  assert.equal((await average.read())[0], 0.4375);
  weights.dispose();
  average.dispose();
});

Deno.test("emaDecay() starts at a tenth and ends at the decay", () => {
  assert.equal(emaDecay(0.99, 0), 0.1);
  assert.equal(emaDecay(0.99, 10_000), 0.99);
});
