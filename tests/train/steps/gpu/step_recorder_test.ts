import assert from "node:assert/strict";
import { gpuOf } from "../../../../src/backends/gpu/mod.ts";
import { FailureError } from "../../../../src/core/errors.ts";
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

backendTest(
  "StepRecorder keeps no buffers where one cannot be made",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend), plan = await planOf({ regularize: "steps=0.1" });
    const { weights, moments: { m, v } } = await startOf(plan);
    const open = () =>
      new StepRecorder(gpu, stepTasks(plan), { state: { weights, m, v, average: weights } });
    const step = {
      ...{ step: 0, rows: new BatchRows(plan).at(0).rows, predictionTime: timeOf(0) },
      probesKey: keyOf(subsequences.probes, 0, 0),
      adam: { step: 0, lr: 0.01, clip: 0, weightDecay: 0, averageDecay: 0 },
    };
    const recording = () => {
      const recorder = open();
      try {
        recorder.record(step, { main: 1, prefix: 1 });
      } finally {
        recorder.dispose();
      }
    };
    recording(); // what remains the device's is made
    const { used } = gpu.counts;
    /** Makes a call of a method refuse, and returns whether `use` comes so far. */
    const refuses = (name: "filled" | "scratch" | "record", call: number, use: () => void) => {
      const method = gpu[name].bind(gpu) as (...given: unknown[]) => unknown;
      let left = call;
      const value = (...given: unknown[]) => {
        if (left-- === 0) throw new FailureError("no more");
        return method(...given);
      };
      Object.defineProperty(gpu, name, { configurable: true, value });
      try {
        use();
        return false;
      } catch (error) {
        assert.match((error as Error).message, /no more/);
      } finally {
        Reflect.deleteProperty(gpu, name);
      }
      assert.equal(gpu.counts.used, used, `call ${call} of ${name}`);
      return true;
    };
    for (let call = 0; call < 4; call++) assert.ok(refuses("filled", call, () => open().dispose()));
    let call = 4;
    while (refuses("scratch", call, () => open().dispose())) call++;
    assert.ok(call > 15);
    // Packing, solve, likelihood; after the replay the penalty's solves, between them widening, and its value.
    for (const call of [0, 1, 2, 4, 5, 6, 7]) assert.ok(refuses("record", call, recording));
    gpu.submit();
  },
);

Deno.test("failureReports() leaves out groups that are finished or wait for a dispatch", () => {
  const controls = readControls(new ArrayBuffer(3 * CONTROL_BYTES));
  const states = [groupStatus.paused, groupStatus.nonFinite, groupStatus.finished];
  const given = controls.map((control, i) => ({ ...control, status: states[i]! }));
  const reports = failureReports(given, { groupRows: 8, rows: 20 });
  assert.deepEqual(reports.map(({ rows, failure }) => [rows, failure!.kind]), [
    [[8, 16], "nonFinite"],
  ]);
});
