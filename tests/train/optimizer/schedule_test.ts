import assert from "node:assert/strict";
import { learningRate } from "../../../src/train/optimizer/schedule.ts";

const cosine = { kind: "cosine", lr: 0.1, warmup: 4, horizon: 104 } as const;

Deno.test("learningRate() rises linearly to its peak", () => {
  const rates = [0, 1, 2, 3, 4].map((step) => learningRate(cosine, step));
  rates.forEach((rate, i) =>
    assert.ok(Math.abs(rate - [0.025, 0.05, 0.075, 0.1, 0.1][i]!) < 1e-15)
  );
});

Deno.test("learningRate() of a cosine is half the peak at half the way", () => {
  assert.ok(Math.abs(learningRate(cosine, 54) - 0.05) < 1e-15);
});

Deno.test("learningRate() only decreases after the warm-up and stays positive", () => {
  for (let step = 5; step < 104; step++) {
    const rate = learningRate(cosine, step);
    assert.ok(rate > 0 && rate < learningRate(cosine, step - 1), `step ${step}`);
  }
});

Deno.test("learningRate() holds the last rate beyond the horizon", () => {
  const last = learningRate(cosine, 103);
  assert.equal(learningRate(cosine, 104), last);
  assert.equal(learningRate(cosine, 1e6), last);
});

Deno.test("learningRate() of a constant schedule has a warm-up and no end", () => {
  const constant = { ...cosine, kind: "constant" } as const;
  assert.equal(learningRate(constant, 0), 0.025);
  assert.equal(learningRate(constant, 1e6), 0.1);
});

Deno.test("learningRate() of a warm-up longer than the horizon is its last rate", () => {
  assert.equal(learningRate({ ...cosine, horizon: 2 }, 10), 0.05);
});
