import assert from "node:assert/strict";
import { gpuOf } from "../../../../src/backends/gpu/mod.ts";
import { keyOf, subsequences } from "../../../../src/core/random/subsequences.ts";
import { timeOf } from "../../../../src/flows/losses/step_prediction.ts";
import {
  CONTROL_BYTES,
  groupStatus,
  readControls,
} from "../../../../src/ode/engines/gpu/control.ts";
import { BatchRows } from "../../../../src/train/steps/batch_rows.ts";
import { readFigures, verdictBits } from "../../../../src/train/steps/gpu/figures.ts";
import { failureReports, StepRecorder } from "../../../../src/train/steps/gpu/step_recorder.ts";
import { stepTasks } from "../../../../src/train/steps/gpu/step_tasks.ts";
import { backendTest } from "../../../support/backends.ts";
import { planOf, startOf } from "./small_plan.ts";

backendTest("StepRecorder reports the groups that failed on the penalty's way", [
  "webgpu",
], async (backend) => {
  const gpu = gpuOf(backend), plan = await planOf({ regularize: "steps=1", batchSize: 13 });
  const { weights, moments: { m, v } } = await startOf(plan);
  const { penalty, ...tasks } = stepTasks(plan);
  const prefix = { ...penalty!.prefix, maxSteps: 1 };
  const recorder = new StepRecorder(gpu, { ...tasks, penalty: { ...penalty!, prefix } }, {
    state: { weights, m, v, average: null },
  });
  recorder.record({
    ...{ step: 0, rows: new BatchRows(plan).at(0).rows, predictionTime: timeOf(0) },
    probesKey: keyOf(subsequences.probes, 0, 0),
    adam: { step: 0, lr: 0.01, clip: 0, weightDecay: 0, averageDecay: 0 },
  }, { main: 1, prefix: 1 });
  const { verdict } = readFigures(await gpu.read(recorder.late));
  // The error of a state that is no number is none either.
  assert.equal(verdict, verdictBits.failedPrefix | verdictBits.penaltyNotFinite);
  const reports = await recorder.readFailures(verdict);
  // The batch has two groups, of which the penalty looks at the first.
  assert.deepEqual(reports.map(({ rows, failure }) => [rows, failure!.kind]), [
    [[0, 8], "maxStepsReached"],
  ]);
  recorder.dispose();
});

Deno.test("failureReports() leaves out groups that are finished or wait for a dispatch", () => {
  const controls = readControls(new ArrayBuffer(3 * CONTROL_BYTES));
  const states = [groupStatus.paused, groupStatus.nonFinite, groupStatus.finished];
  const given = controls.map((control, i) => ({ ...control, status: states[i]! }));
  const reports = failureReports(given, { groupRows: 8, rows: 20 });
  assert.deepEqual(reports.map(({ rows, failure }) => [rows, failure!.kind]), [
    [[8, 16], "nonFinite"],
  ]);
});
