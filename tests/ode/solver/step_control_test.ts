import assert from "node:assert/strict";
import fc from "fast-check";
import { integralController } from "../../../src/ode/controllers.ts";
import {
  initialStepSize,
  nextStepSize,
  trialStepSize,
} from "../../../src/ode/solver/step_control.ts";

/** torchdiffeq's controller with dopri5. */
const rule = { controller: integralController, errorOrder: 5 };
const ratio = fc.double({ min: 0, max: 1e12, noNaN: true });

Deno.test("nextStepSize() stays within its bounds, keeps the sign, and never rewards an error", () => {
  fc.assert(fc.property(ratio, ratio, fc.constantFrom(-0.3, 0.7), (one, other, h) => {
    const factor = nextStepSize(h, [one, 1, 1], rule) / h;
    assert.ok(factor >= 0.2 - 1e-12 && factor <= 10);
    if (one < 1) assert.ok(factor >= 1, "an accepted step does not shrink");
    if (one > 1) assert.ok(factor < 1, "a rejected step does not grow");
    const otherFactor = nextStepSize(h, [other, 1, 1], rule) / h;
    assert.ok(one <= other ? factor >= otherFactor : factor <= otherFactor);
  }));
});

Deno.test("nextStepSize() aims at nine tenths of the tolerance", () => {
  // An error that grows like h^5: after a step with ratio 32 the next one has 0.9^5.
  const h = nextStepSize(1, [32, 1, 1], rule);
  assert.ok(Math.abs(32 * h ** 5 - 0.9 ** 5) < 1e-12);
});

Deno.test("nextStepSize() shrinks to a fifth after a non-finite error", () => {
  for (const bad of [NaN, Infinity]) assert.equal(nextStepSize(-1, [bad, 1, 1], rule), -0.2);
});

Deno.test("trialStepSize() and initialStepSize() survive norms of zero", () => {
  assert.equal(trialStepSize(0, 1), 1e-6);
  assert.equal(trialStepSize(1, 0), 1e-6);
  const size = initialStepSize({ trial: 1e-6, slopeNorm: 0, changeNorm: 0, errorOrder: 5 });
  assert.ok(size > 0 && size <= 1e-4);
});

Deno.test("initialStepSize() has an Euler step's error near a hundredth of the tolerance", () => {
  // y' = y from 1 at rtol = atol = 1e-6: all scaled norms are 1 / 2e-6. Hairer's rule gives
  // (0.01 / 5e5)^(1/5) = 0.0289, at most 100 trials of 0.01.
  const norm = 1 / 2e-6;
  const trial = trialStepSize(norm, norm);
  assert.equal(trial, 0.01);
  const size = initialStepSize({ trial, slopeNorm: norm, changeNorm: norm * trial, errorOrder: 5 });
  assert.ok(Math.abs(size - (0.01 / norm) ** 0.2) < 1e-12);
});
