import assert from "node:assert/strict";
import type { Backend } from "../../src/backends/backend.ts";
import { FailureError } from "../../src/core/errors.ts";
import { ready } from "../../src/core/late.ts";
import type { Loss } from "../../src/flows/losses/loss.ts";
import type { Engines } from "../../src/ode/engines/engines.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { TrainState } from "../../src/train/optimizer/train_state.ts";
import { type Checkpoint, firstCheckpoint } from "../../src/train/run/checkpoint.ts";
import { RunWriter } from "../../src/train/run/run_writer.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { tensorTrainer } from "../../src/train/steps/tensor_trainer.ts";
import type { Trainer } from "../../src/train/steps/trainer.ts";
import { trainingLoop } from "../../src/train/training_loop.ts";
import { trainingLoss } from "../../src/train/training_loss.ts";
import { planRun, type TrainingPlan } from "../../src/train/training_plan.ts";
import { initialWeights } from "../../src/train/weights/initial_weights.ts";
import { backendTest } from "../support/backends.ts";
import { inFolder } from "../support/in_folder.ts";
import { openSmall, smallRuns } from "./support/runs.ts";

/** The step whose solve fails, counted from 0. */
const FAILING = 4;

/** A small run of a CNF that is not evaluated, and the state before its first step. */
async function smallPlan(): Promise<{ readonly plan: TrainingPlan; readonly start: Checkpoint }> {
  const { model, ...options } = smallRuns.cnf;
  const plan = await planRun({
    model,
    options: { ...options, evalEvery: 0 },
    configFile: null,
    values: {},
    openDataset: openSmall,
  });
  const { config, network } = plan;
  const weights = await initialWeights(config.init, { network, seed: config.seed });
  return { plan, start: firstCheckpoint(weights, config) };
}

/** Trains in a folder, with a clock that stands. */
async function trainIn(
  folder: string,
  { plan, trainer, engines, backend }: {
    readonly plan: TrainingPlan;
    readonly trainer: Trainer;
    readonly engines: Engines;
    readonly backend: Backend;
  },
) {
  const { config, network, standardization, flowValues } = plan;
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
  return await trainingLoop({
    run: folder,
    plan,
    trainer,
    start: { step: 0 },
    evaluatesUntrained: false,
    engines,
    backend,
    writer,
    hooks: {},
    signal: null,
    clock,
  });
}

backendTest("trainingLoop() reads figures late, and ends at the step whose failure comes late", [
  "cpu",
], (backend) =>
  inFolder(async (folder) => {
    const { plan, start } = await smallPlan();
    const { config, network, standardization, values } = plan;
    const state = new TrainState(config, network, { ...start, standardization, values });
    const engines = enginesOf(backend, { threads: 1 }), known = trainingLoss(plan, engines);
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
    const training = trainIn(folder, {
      plan,
      trainer: tensorTrainer(plan, { state, loss }),
      engines,
      backend: { ...backend, kind: "webgpu" }, // reads figures in batches of eight
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

backendTest("trainingLoop() writes no checkpoint whose numbers are not finite", [
  "cpu",
], (backend) =>
  inFolder(async (folder) => {
    const { plan, start: { weights, ema, moments } } = await smallPlan();
    const trainer: Trainer = {
      way: "numbers",
      take: (done) => {
        const none = { nfe: null, energies: null, dispose: () => {} };
        return Promise.resolve([{ step: done + 1, loss: ready(1), ...none }]);
      },
      read: () =>
        Promise.resolve({ weights, ema, moments: { ...moments, v: weights.map(() => NaN) } }),
      sampledWeights: () => Promise.resolve(weights),
      dispose: () => {},
    };
    const engines = enginesOf(backend, { threads: 1 });
    await assert.rejects(trainIn(folder, { plan, trainer, engines, backend }), {
      name: "FailureError",
      message: new RegExp(`^step ${plan.steps}: the weights or their moments are no longer finite`),
    });
    await assert.rejects(Deno.stat(`${folder}/checkpoint.safetensors`), Deno.errors.NotFound);
  }));
