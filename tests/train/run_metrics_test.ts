import assert from "node:assert/strict";
import { logMetrics } from "../../src/train/run_metrics.ts";

const step = (step: number, stepMs: number, nfe: number | null = null) => ({
  step,
  loss: step,
  stepMs,
  nfe,
});

Deno.test("logMetrics() leaves the first three steps out of the time", () => {
  const steps = [900, 800, 700, 1, 5, 3].map((ms, i) => step(i + 1, ms));
  assert.equal(logMetrics({ steps, evaluations: [] }).stepMs, 3);
  assert.equal(logMetrics({ steps: steps.slice(0, 5), evaluations: [] }).stepMs, 3);
  assert.equal(logMetrics({ steps: steps.slice(0, 2), evaluations: [] }).stepMs, 850);
});

Deno.test("logMetrics() has the mean NFE, the mean of the last losses, the last test loss", () => {
  const steps = Array.from({ length: 150 }, (_, i) => step(i + 1, 1, i < 75 ? 30 : 50));
  const evaluations = [{ step: 1, epoch: 1, testLoss: 7 }, { step: 2, epoch: 2, testLoss: 6 }];
  const { nfe, loss, testLoss } = logMetrics({ steps, evaluations });
  // Losses 51 to 150 have the mean 100.5.
  assert.deepEqual([nfe, loss, testLoss], [40, 100.5, 6]);
});

Deno.test("logMetrics() of an empty log knows nothing", () => {
  assert.deepEqual(logMetrics({ steps: [], evaluations: [] }), {
    loss: null,
    testLoss: null,
    stepMs: null,
    nfe: null,
  });
});
