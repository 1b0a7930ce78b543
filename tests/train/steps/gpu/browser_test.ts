import assert from "node:assert/strict";
import type { Gpu } from "../../../../src/backends/gpu/mod.ts";
import { keyOf, subsequences } from "../../../../src/core/random/subsequences.ts";
import { timeOf } from "../../../../src/flows/losses/step_prediction.ts";
import { enginesOf } from "../../../../src/ode/engines/open_device.ts";
import { learningRate, scheduleOf } from "../../../../src/train/optimizer/schedule.ts";
import { TrainState } from "../../../../src/train/optimizer/train_state.ts";
import { BatchRows } from "../../../../src/train/steps/batch_rows.ts";
import { readFigures } from "../../../../src/train/steps/gpu/figures.ts";
import { StepRecorder } from "../../../../src/train/steps/gpu/step_recorder.ts";
import { stepTasks } from "../../../../src/train/steps/gpu/step_tasks.ts";
import { tensorTrainer } from "../../../../src/train/steps/tensor_trainer.ts";
import { trainingLoss } from "../../../../src/train/training_loss.ts";
import { withBrowserGpu } from "../../../ode/engines/gpu/browser_gpu.ts";
import { backendTest } from "../../../support/backends.ts";
import { planOf, startOf } from "./small_plan.ts";

const STEPS = 2;

// A second implementation of WGSL, as in tests/ode/engines/gpu/browser_test.ts.
backendTest("a GPU's training steps run in Chromium as on the CPU", ["cpu"], async (backend) => {
  const plan = await planOf({ regularize: "steps=1", warmup: 0 });
  const checkpoint = await startOf(plan, 4);
  const { config, network, standardization, values } = plan;
  const { weights, moments: { m, v }, ema: average } = checkpoint;
  const figuresOf = async (gpu: Gpu) => {
    const recorder = new StepRecorder(gpu, stepTasks(plan), { state: { weights, m, v, average } });
    const rows = new BatchRows(plan);
    for (let step = 0; step < STEPS; step++) {
      const lr = learningRate(scheduleOf(config), step);
      recorder.record({
        ...{ step, rows: rows.at(step).rows, predictionTime: timeOf(step) },
        probesKey: keyOf(subsequences.probes, config.seed, step),
        adam: { step, lr, clip: config.clip, weightDecay: 0, averageDecay: 0.5 },
      }, { main: 2, prefix: 1 });
    }
    const late = readFigures(await gpu.read(recorder.late));
    assert.equal(late.verdict, 0);
    return Array.from({ length: STEPS }, (_, step) => late.at(step));
  };
  const inBrowser = await withBrowserGpu((gpu) => figuresOf(gpu.asGpu));
  const state = new TrainState(config, network, { ...checkpoint, standardization, values });
  const loss = trainingLoss(plan, enginesOf(backend, { threads: 1 }));
  const trainer = tensorTrainer(plan, { state, loss });
  for (const [step, found] of inBrowser.entries()) {
    const [taken] = await trainer.take(step, 1);
    const right = await taken!.loss(), energies = await taken!.energies!();
    const shown = JSON.stringify({ step, found, right, energies });
    assert.ok(Math.abs(found.loss / right - 1) < 1e-4, shown);
    assert.ok(Math.abs(found.predictedSteps / energies.predictedSteps! - 1) < 0.01, shown);
    assert.equal(found.nfe, await taken!.nfe!(), shown);
    taken!.dispose();
  }
  trainer.dispose();
});
