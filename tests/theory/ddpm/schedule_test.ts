import assert from "node:assert/strict";
import { schedule } from "../../../src/theory/ddpm/problem.ts";
import { noiseRate, signalShare } from "../../../src/theory/ddpm/schedule.ts";

Deno.test("signalShare() decays at half the noise rate", () => {
  const h = 1e-5;
  for (const t of [0.1, 0.5, 0.9]) {
    const rate = (Math.log(signalShare(schedule, t + h)) - Math.log(signalShare(schedule, t - h))) /
      (2 * h);
    // Central differences of at most a cubic: only rounding, 1e-16 / 1e-5, remains.
    assert.ok(Math.abs(rate + noiseRate(schedule, t) / 2) < 1e-9, `t ${t}: ${rate}`);
  }
  assert.equal(signalShare(schedule, 0), 1);
});

Deno.test("signalShare() is the limit of the chain's product of sqrt(1 - beta_k)", () => {
  const gap = (steps: number) => {
    let product = 1;
    for (let k = 1; k <= steps; k++) {
      product *= Math.sqrt(1 - noiseRate(schedule, k / steps) / steps);
    }
    return Math.abs(product - signalShare(schedule, 1));
  };
  assert.ok(gap(4000) < 4e-4, `${gap(4000)}`);
  // Lemma 1: the gap is of first order.
  const order = Math.log2(gap(1000) / gap(2000));
  assert.ok(Math.abs(order - 1) < 0.01, `observed ${order}`);
});
