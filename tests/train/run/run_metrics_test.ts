import assert from "node:assert/strict";
import { logMetrics, parseMetrics } from "../../../src/train/run/run_metrics.ts";

const step = (step: number, stepMs: number, nfe: number | null = null) => ({
  step,
  loss: step,
  stepMs,
  nfe,
});

Deno.test("logMetrics() excludes the first three steps from the time", () => {
  const steps = [900, 800, 700, 1, 5, 3].map((ms, i) => step(i + 1, ms));
  assert.equal(logMetrics({ steps, evaluations: [] }).stepMs, 3);
  assert.equal(logMetrics({ steps: steps.slice(0, 5), evaluations: [] }).stepMs, 3);
  assert.equal(logMetrics({ steps: steps.slice(0, 2), evaluations: [] }).stepMs, 850);
});

Deno.test("logMetrics() has the mean NFE, the mean of the last losses, the last test loss", () => {
  const steps = Array.from({ length: 150 }, (_, i) => step(i + 1, 1, i < 75 ? 30 : 50));
  const evaluations = [{ step: 1, epoch: 1, testLoss: 7 }, { step: 2, epoch: 2, testLoss: 6 }];
  const { nfe, loss, testLoss } = logMetrics({ steps, evaluations });
  // The mean of losses 51 to 150 is 100.5.
  assert.deepEqual([nfe, loss, testLoss], [40, 100.5, 6]);
});

Deno.test("logMetrics() of an empty log has no figures", () => {
  assert.deepEqual(logMetrics({ steps: [], evaluations: [] }), {
    loss: null,
    testLoss: null,
    validationLoss: null,
    bestStep: null,
    stepMs: null,
    nfe: null,
  });
});

Deno.test("logMetrics() has the first evaluation with the lowest validation loss", () => {
  const losses = [3, undefined, 1, 2, 1];
  const evaluations = losses.map((validationLoss, i) => ({
    ...{ step: 10 * (i + 1), epoch: 1, testLoss: i },
    ...(validationLoss === undefined ? {} : { validationLoss }),
  }));
  const { testLoss, validationLoss, bestStep } = logMetrics({ steps: [], evaluations });
  assert.deepEqual([testLoss, validationLoss, bestStep], [2, 1, 30]);
});

Deno.test("parseMetrics() accepts what was written and refuses other types", () => {
  const metrics = {
    model: "cnf",
    data: "moons",
    backend: null,
    seed: 0,
    steps: 3,
    loss: 1.5,
    testLoss: null,
    stepMs: 2,
    nfe: 14,
    threads: 2,
    seconds: 0.5,
    peakMemoryBytes: null,
  };
  // A run from before these figures existed has none of them.
  const later = {
    ...{ testRows: null, validationRows: null, validationLoss: null, bestStep: null },
    stoppedEarly: false,
  };
  assert.deepEqual(parseMetrics(JSON.stringify(metrics)), { ...metrics, ...later });
  const wrong = { steps: "3", seconds: null, loss: "low", backend: "tpu", threads: -1, seed: 0.5 };
  for (const [key, value] of Object.entries(wrong)) {
    assert.throws(() => parseMetrics(JSON.stringify({ ...metrics, [key]: value })), key);
  }
  for (const text of ["", "null", "[]", "3", '"x"']) assert.throws(() => parseMetrics(text));
});
