import assert from "node:assert/strict";
import { FailureError } from "../../src/core/errors.ts";
import type { Loss } from "../../src/flows/losses/loss.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { TrainState } from "../../src/train/optimizer/train_state.ts";
import { firstCheckpoint } from "../../src/train/run/checkpoint.ts";
import { RunWriter } from "../../src/train/run/run_writer.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { tensorTrainer } from "../../src/train/steps/tensor_trainer.ts";
import { trainingLoop } from "../../src/train/training_loop.ts";
import { trainingLoss } from "../../src/train/training_loss.ts";
import { planRun } from "../../src/train/training_plan.ts";
import { initialWeights } from "../../src/train/weights/initial_weights.ts";
import { backendTest } from "../support/backends.ts";
import { inTempDir, openSmall, smallRuns } from "./support/runs.ts";

/** The step whose solve fails, counted from 0. */
const FAILING = 4;

backendTest("trainingLoop() reads figures late, and ends at the step whose failure comes late", [
  "cpu",
], (backend) =>
  inTempDir(async (folder) => {
    const { model, ...options } = smallRuns.cnf;
    const plan = await planRun({
      model,
      options: { ...options, evalEvery: 0 },
      configFile: null,
      values: {},
      openDataset: openSmall,
    });
    const { config, network, standardization, flowValues, values } = plan;
    const weights = await initialWeights(config.init, { network, seed: config.seed });
    const state = new TrainState(config, network, {
      ...firstCheckpoint(weights, config),
      standardization,
      values,
    });
    const clock = () => 0; // no read-back is due because of time
    using writer = await RunWriter.open(folder, {
      config,
      network,
      standardization,
      flowValues,
      backend: null,
      totalSteps: plan.steps,
      threads: 1,
      rows: { testRows: 10, validationRows: null },
      log: { steps: [], evaluations: [] },
      metrics: null,
      clock,
      startedMs: 0,
    });
    const engines = enginesOf(backend, { threads: 1 });
    const known = trainingLoss(plan, engines);
    const events: string[] = [];
    const loss: Loss = {
      name: "late",
      async lossAndGradient(model, batch, draw) {
        const found = await known.lossAndGradient(model, batch, draw);
        events.push(`step ${draw.step}`);
        const nfe = async () => {
          events.push(`nfe of ${draw.step}`);
          if (draw.step === FAILING) throw new FailureError("the solve stopped for sample 1");
          return await found.nfe!();
        };
        return { ...found, nfe };
      },
    };
    const training = trainingLoop({
      run: folder,
      plan,
      trainer: tensorTrainer(plan, { state, loss }),
      firstStep: 0,
      evaluatesUntrained: false,
      engines,
      backend: { ...backend, kind: "webgpu" }, // reads figures in batches of eight
      writer,
      hooks: {},
      signal: null,
      clock,
    });
    await assert.rejects(training, {
      name: "FailureError",
      message: /^step 5: .*; the solve stopped for sample 1; the last checkpoint is kept$/,
    });
    // The first step is timed; eight such steps take less than half a second.
    const eight = Array.from({ length: 8 }, (_, step) => step + 1);
    assert.deepEqual(events, [
      ...["step 0", "nfe of 0"],
      ...eight.map((step) => `step ${step}`),
      ...eight.map((step) => `nfe of ${step}`),
    ]);
    const log = await readLog(`${folder}/log.jsonl`);
    assert.deepEqual(log.steps.map(({ step }) => step), [1, 2, 3, 4]);
    assert.ok(log.steps.every(({ nfe }) => nfe! > 10));
    await assert.rejects(Deno.stat(`${folder}/checkpoint.safetensors`), Deno.errors.NotFound);
    state.dispose();
  }));
