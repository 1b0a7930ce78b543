import assert from "node:assert/strict";
import { fillNormal } from "../../src/core/random/random.ts";
import { callerKey } from "../../src/core/random/subsequences.ts";
import { noiseWeight, withNoise } from "../../src/train/row_noise.ts";

Deno.test("withNoise() keeps the variance of rows with unit variance, and their rest", () => {
  const rows = fillNormal(callerKey(3), 0, new Float32Array(40_000));
  const noisy = withNoise(rows, { weight: 0.6, key: callerKey(4) });
  let square = 0, product = 0;
  rows.forEach((value, i) => {
    square += noisy[i]! ** 2;
    product += noisy[i]! * value;
  });
  // Four standard errors of a mean of 40,000 squares: 0.03.
  assert.ok(Math.abs(square / rows.length - 1) < 0.03);
  assert.ok(Math.abs(product / rows.length - 0.8) < 0.03);
  assert.equal(withNoise(rows, { weight: 0, key: callerKey(4) }), rows);
});

Deno.test("noiseWeight() falls from its start to zero at the horizon, and stays there", () => {
  const at = (step: number) => noiseWeight(0.5, { step, horizon: 100 });
  assert.deepEqual([at(0), at(100), at(250)], [0.5, 0, 0]);
  for (let step = 1; step <= 100; step++) assert.ok(at(step) < at(step - 1));
});
