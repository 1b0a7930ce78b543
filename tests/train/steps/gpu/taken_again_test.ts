import assert from "node:assert/strict";
import { type Gpu, gpuOf } from "../../../../src/backends/gpu/mod.ts";
import { FailureError } from "../../../../src/core/errors.ts";
import { stopWord } from "../../../../src/core/stop.ts";
import { DispatchForecast } from "../../../../src/train/steps/gpu/dispatch_forecast.ts";
import { gpuTrainer } from "../../../../src/train/steps/gpu/gpu_trainer.ts";
import type { TakenStep } from "../../../../src/train/steps/trainer.ts";
import { train } from "../../../../src/train/train.ts";
import { backendTest } from "../../../support/backends.ts";
import { inFolder } from "../../../support/in_folder.ts";
import { essence, openSmall } from "../../support/runs.ts";
import { likelihood, openLarge, planOf, startOf } from "./small_plan.ts";

/** Time stands still: batches of 1, 1, 8, 64, 100, ... steps. */
const clock = () => 0;

/** Counts the steps that are submitted between a call of `double()` and the next read. */
function submitsAfterDoubling(gpu: Gpu) {
  const { double } = DispatchForecast.prototype;
  const submit = gpu.submit.bind(gpu), read = gpu.read.bind(gpu);
  const counts: number[] = [];
  let submits: number | null = null;
  DispatchForecast.prototype.double = function () {
    submits = 0;
    return double.call(this);
  };
  const replaced: Partial<Gpu> = {
    submit() {
      if (submits !== null) submits++;
      submit();
    },
    read(buffer) {
      if (submits !== null) counts.push(submits);
      submits = null;
      return read(buffer);
    },
  };
  Object.assign(gpu, replaced);
  return {
    counts,
    stop() {
      DispatchForecast.prototype.double = double;
      for (const name of Object.keys(replaced)) Reflect.deleteProperty(gpu, name);
    },
  };
}

backendTest("a step that lacked dispatches is taken again alone, those after it when it is done", [
  "webgpu",
], async (backend) => {
  const plan = await planOf({}), gpu = gpuOf(backend);
  const checkpoint = await startOf(plan, 2);
  const trainer = gpuTrainer(plan, { checkpoint, gpu, clock, tuning: { cap: 2 } });
  const doublings = submitsAfterDoubling(gpu);
  try {
    const steps: TakenStep[] = [];
    while (steps.length < 24) steps.push(...await trainer.take(steps.length, 24 - steps.length));
    const losses = await Promise.all(steps.map(({ loss }) => loss()));
    assert.ok(losses.every(Number.isFinite), losses.join());
  } finally {
    doublings.stop();
    trainer.dispose();
  }
  assert.ok(doublings.counts.length > 0, "no step was taken again");
  assert.deepEqual(doublings.counts, doublings.counts.map(() => 1));
});

backendTest("a step that cannot be taken again is the last, and those after it are none", [
  "webgpu",
], async (backend) => {
  const plan = await planOf({}), gpu = gpuOf(backend);
  const checkpoint = await startOf(plan, 2);
  const trainer = gpuTrainer(plan, { checkpoint, gpu, clock, tuning: { cap: 2 } });
  const { double } = DispatchForecast.prototype;
  DispatchForecast.prototype.double = function () {
    Object.assign(gpu, {
      clear() {
        throw new FailureError("no more");
      },
    });
    return double.call(this);
  };
  try {
    const steps = [...await trainer.take(0, 1), ...await trainer.take(1, 1)];
    await assert.rejects(steps[0]!.nfe!(), { message: "no more" });
    assert.equal(await steps[1]!.loss(), NaN);
  } finally {
    DispatchForecast.prototype.double = double;
    Reflect.deleteProperty(gpu, "clear");
    trainer.dispose();
  }
});

backendTest("a step is judged when its solves are done, whatever their dispatches", [
  "webgpu",
], async (backend) => {
  const plan = await planOf({ standardize: "none" }, openLarge), gpu = gpuOf(backend);
  const checkpoint = await startOf(plan);
  const figures = async (tuning: { readonly cap?: number }) => {
    const trainer = gpuTrainer(plan, { checkpoint, gpu, clock, tuning });
    try {
      const [step] = await trainer.take(0, 1);
      return { loss: await step!.loss(), nfe: await step!.nfe!() };
    } finally {
      trainer.dispose();
    }
  };
  const right = await figures({});
  assert.equal(right.loss, Infinity);
  assert.deepEqual(await figures({ cap: 1 }), right);
});

backendTest("train() on a GPU that is stopped where a step lacks dispatches resumes bit for bit", [
  "webgpu",
], () =>
  inFolder(async (folder) => {
    // Weights that grow: from the second step on a solve takes more attempts than a dispatch.
    const stiff = { lr: 1, warmup: 0, solver: "bosh3", rtol: 1e-6, atol: 1e-6 } as const;
    const options = { ...likelihood, ...stiff, model: "cnf", backend: "webgpu", steps: 4 } as const;
    await train(options, { run: `${folder}/whole`, openDataset: openSmall });
    const run = `${folder}/halves`;
    const { double } = DispatchForecast.prototype;
    DispatchForecast.prototype.double = function () {
      Atomics.store(stopWord, 0, 1);
      return double.call(this);
    };
    try {
      const first = await train(options, { run, openDataset: openSmall });
      assert.deepEqual([first.kind, first.metrics.steps], ["interrupted", 1]);
    } finally {
      DispatchForecast.prototype.double = double;
    }
    const { kind } = await train(options, { run, openDataset: openSmall, mode: "resume" });
    assert.equal(kind, "finished");
    assert.deepEqual(await essence(run), await essence(`${folder}/whole`));
  }));
