import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { gpuOf } from "../../../../src/backends/gpu/mod.ts";
import { openBackend } from "../../../../src/backends/open_backend.ts";
import { FailureError } from "../../../../src/core/errors.ts";
import { enginesOf } from "../../../../src/ode/engines/open_device.ts";
import { TrainState } from "../../../../src/train/optimizer/train_state.ts";
import type { TrainOptions } from "../../../../src/train/options/table.ts";
import type { Checkpoint } from "../../../../src/train/run/checkpoint.ts";
import { readLog } from "../../../../src/train/run/training_log.ts";
import { gpuTrainer } from "../../../../src/train/steps/gpu/gpu_trainer.ts";
import { DispatchForecast } from "../../../../src/train/steps/gpu/dispatch_forecast.ts";
import { supportsGpuSteps } from "../../../../src/train/steps/gpu/step_tasks.ts";
import { tensorTrainer } from "../../../../src/train/steps/tensor_trainer.ts";
import type { Energies, TakenStep, Trainer } from "../../../../src/train/steps/trainer.ts";
import { train, type TrainSpec } from "../../../../src/train/train.ts";
import type { DatasetOpener, TrainingPlan } from "../../../../src/train/training_plan.ts";
import { trainingLoss } from "../../../../src/train/training_loss.ts";
import { backendTest } from "../../../support/backends.ts";
import { likelihood, openLarge, planOf, startOf } from "./small_plan.ts";
import { countGpuCalls } from "../../../support/gpu_calls.ts";
import { inFolder } from "../../../support/in_folder.ts";
import { openSmall } from "../../support/runs.ts";

/** Time stands still: batches of 1, 1, 8, 64, 100, ... steps. */
const clock = () => 0;

/** What a trainer's step gives. */
interface Taken {
  readonly loss: number;
  readonly nfe: number;
  readonly energies: Energies | null;
}

/** Steps `from` to `to` of a trainer and the checkpoint after them; disposes it. */
async function stepsOf(trainer: Trainer, to: number, from = 0) {
  const steps: Taken[] = [];
  while (from + steps.length < to) {
    const done = from + steps.length;
    for (const { step, loss, nfe, energies, dispose } of await trainer.take(done, to - done)) {
      steps.push({
        loss: await loss(),
        nfe: await nfe!(),
        energies: energies === null ? null : await energies(),
      });
      dispose();
      assert.equal(step, from + steps.length);
    }
  }
  const checkpoint = await trainer.read();
  trainer.dispose();
  return { steps, checkpoint };
}

/** The steps of the CPU engine. Leaves its backend current. */
async function cpuSteps(plan: TrainingPlan, checkpoint: Checkpoint, to: number) {
  const backend = await openBackend("cpu");
  const { config, network, standardization, values } = plan;
  const state = new TrainState(config, network, { ...checkpoint, standardization, values });
  const loss = trainingLoss(plan, enginesOf(backend, { threads: 1 }));
  return await stepsOf(tensorTrainer(plan, { state, loss }), to);
}

/** Options, size of the weights, and tolerated relative errors of losses and of predicted steps. */
const cases: Readonly<Record<string, readonly [TrainOptions, number, number, number]>> = {
  "the likelihood, clipped, with decay": [{ clip: 0.5, weightDecay: 1e-3 }, 1, 2e-5, 0],
  "Hutchinson's trace, fixed steps, no average": [
    { trace: "hutchinson", solver: "rk4", solverSteps: 3, ema: 0 },
    ...[1, 2e-5, 0] as const,
  ],
  // The error of a step of 0.05 is a difference of float32 states: 1e-5 of 1, so each has a percent.
  "the number of steps penalised": [
    {
      ...{ regularize: "steps=10", lr: 1e-3, rtol: 1e-4, atol: 1e-4 },
      batchSize: 13, // the last group has five rows
    },
    ...[4, 1e-3, 0.02] as const,
  ],
};

for (const [name, [options, scale, tolerance, ofSteps]] of Object.entries(cases)) {
  backendTest(
    `gpuTrainer() takes the steps of the CPU engine: ${name}`,
    ["webgpu"],
    async (backend) => {
      const plan = await planOf(options), gpu = gpuOf(backend);
      assert.deepEqual(supportsGpuSteps(plan, gpu.limits), { kind: "yes" });
      const checkpoint = await startOf(plan, scale);
      const found = await stepsOf(gpuTrainer(plan, { checkpoint, gpu, clock }), 30);
      const right = await cpuSteps(plan, checkpoint, 30);
      await openBackend("webgpu");
      const error = (a: number, b: number) => Math.abs(a / b - 1);
      const table = found.steps.map(({ loss, nfe, energies }, i) => {
        const { loss: rightLoss, nfe: rightNfe, energies: rightEnergies } = right.steps[i]!;
        return [
          ...[error(loss, rightLoss), nfe - rightNfe],
          error(energies?.predictedSteps ?? 1, rightEnergies?.predictedSteps ?? 1),
        ] as const;
      });
      const shown = JSON.stringify(table);
      assert.ok(table.every(([loss, , steps]) => loss < tolerance && steps <= ofSteps), shown);
      // Weights four times as large: an attempt may be accepted by one and rejected by the other.
      assert.ok(table.filter(([, nfe]) => nfe === 0).length >= (scale === 1 ? 30 : 15), shown);
      const gap = found.checkpoint.weights.reduce(
        (most, weight, i) => Math.max(most, Math.abs(weight - right.checkpoint.weights[i]!)),
        0,
      );
      assert.ok(gap < 0.02 * plan.config.lr * 30, `weights differ by ${gap}`);
    },
  );
}

/** Dispatches per step: packing, solve, likelihood, replay, reduction, Adam; widening, penalty and their solves. */
const dispatches = { "none": 6, "steps=0.1": 11 } as const;

for (const [regularize, perStep] of Object.entries(dispatches)) {
  backendTest(
    `gpuTrainer() makes no buffers or tensors after its first steps, regularize ${regularize}`,
    ["webgpu"],
    async (backend) => {
      const plan = await planOf({ regularize }), gpu = gpuOf(backend);
      const checkpoint = await startOf(plan);
      // Tables of the network and the progress of replays, which remain the device's.
      await stepsOf(gpuTrainer(plan, { checkpoint, gpu, clock }), 1);
      const usedBefore = gpu.counts.used;
      const trainer = gpuTrainer(plan, { checkpoint, gpu, clock });
      const take = async (from: number, to: number) => {
        for (let done = from; done < to;) {
          const taken = await trainer.take(done, to - done);
          done += taken.length;
          for (const { loss } of taken) await loss();
        }
      };
      await take(0, 20);
      const before = gpu.counts, tensors = tf.memory();
      const counter = countGpuCalls();
      try {
        await take(20, 220);
      } finally {
        counter.stop();
      }
      const { used, programs, bytes, ...after } = gpu.counts, reads = after.reads - before.reads;
      const calls = counter.calls();
      assert.deepEqual(
        [calls.buffers, calls.dispatches, calls.submits],
        [0, 200 * perStep, 200 + reads],
      );
      assert.ok(reads <= 10, `${reads} reads`);
      assert.deepEqual([used, programs, bytes], [before.used, before.programs, before.bytes]);
      const { numTensors, numBytes } = tf.memory();
      assert.deepEqual([numTensors, numBytes], [tensors.numTensors, tensors.numBytes]);
      trainer.dispose();
      assert.equal(gpu.counts.used, usedBefore);
    },
  );
}

backendTest("gpuTrainer() resumes with the bits of an unbroken run, whatever its dispatches", [
  "webgpu",
], async (backend) => {
  const plan = await planOf({ regularize: "steps=0.1" }), gpu = gpuOf(backend);
  const checkpoint = await startOf(plan, 2);
  const whole = await stepsOf(gpuTrainer(plan, { checkpoint, gpu, clock }), 24);
  const half = await stepsOf(gpuTrainer(plan, { checkpoint, gpu, clock }), 11);
  const rest = await stepsOf(gpuTrainer(plan, { checkpoint: half.checkpoint, gpu, clock }), 24, 11);
  assert.deepEqual(rest.checkpoint, whole.checkpoint);
  assert.deepEqual([...half.steps, ...rest.steps], whole.steps);
  // With two attempts per dispatch one dispatch is too few: steps are taken again, several at a time.
  const counter = countGpuCalls();
  const tuned = { checkpoint, gpu, clock, tuning: { cap: 2 } };
  const again = await stepsOf(gpuTrainer(plan, tuned), 24);
  counter.stop();
  assert.deepEqual(again, whole);
  assert.ok(counter.calls().submits > 24 + 8, "no step was taken again");
});

backendTest("a step whose solve fails changes no weights, and neither do those after it", [
  "webgpu",
], async (backend) => {
  // By the 29th step one group takes more than four steps.
  const plan = await planOf({ maxSteps: 4 }), gpu = gpuOf(backend);
  const trainer = gpuTrainer(plan, { checkpoint: await startOf(plan), gpu, clock });
  let done = 0;
  const failures: { readonly step: number; readonly message: string }[] = [];
  while (failures.length === 0 && done < 60) {
    const taken = await trainer.take(done, 60);
    done += taken.length;
    for (const { step, nfe } of taken) {
      await nfe!().catch(({ message }) => failures.push({ step, message }));
    }
  }
  assert.equal(failures.length, 1);
  const { step, message } = failures[0]!;
  assert.ok(done > step, "more steps were recorded");
  assert.match(
    message,
    /^the solve stopped for samples 0 to 7 at t = 0\.\d+ .*the budget of 4 steps/,
  );
  const { weights, moments, ema } = await trainer.read();
  trainer.dispose();
  const right = await stepsOf(
    gpuTrainer(plan, { checkpoint: await startOf(plan), gpu, clock }),
    step - 1,
  );
  assert.deepEqual({ weights, moments, ema }, {
    weights: right.checkpoint.weights,
    moments: right.checkpoint.moments,
    ema: right.checkpoint.ema,
  });
});

/** Replaces methods of an object until `stop()`. */
function replaced<T extends object>(of: T, methods: Partial<T>): { stop(): void } {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(of, name, { configurable: true, value });
  }
  return {
    stop: () => {
      for (const name of Object.keys(methods)) Reflect.deleteProperty(of, name);
    },
  };
}

for (const stepMs of [1, 20, 100, 500]) {
  backendTest(
    `gpuTrainer() is ahead of a device whose steps take ${stepMs} ms by less than a second`,
    ["webgpu"],
    async (backend) => {
      const plan = await planOf({}), gpu = gpuOf(backend);
      let nowMs = 0, recorded = 0, settled = 0, most = 0;
      let before = Promise.resolve();
      const submit = gpu.submit.bind(gpu), read = gpu.read.bind(gpu);
      const device = replaced(gpu, {
        submit() {
          recorded++;
          most = Math.max(most, recorded - settled);
          submit();
        },
        async read(buffer) {
          const until = recorded, turn = before, bytes = read(buffer);
          before = bytes.then(() => {});
          await turn;
          const found = await bytes;
          nowMs += stepMs * (until - settled);
          settled = until;
          return found;
        },
      });
      const checkpoint = await startOf(plan);
      const trainer = gpuTrainer(plan, { checkpoint, gpu, clock: () => nowMs });
      let done = 0, largest = 0;
      try {
        for (const until of [3, 20, stepMs === 1 ? 300 : 40]) {
          while (done < until) {
            const taken = await trainer.take(done, until - done);
            done += taken.length;
            largest = Math.max(largest, taken.length);
          }
          await trainer.read(); // as before an evaluation, which takes its time
          nowMs += 3000;
        }
      } finally {
        device.stop();
        trainer.dispose();
      }
      assert.ok(most * stepMs <= 1000, `${most} steps of ${stepMs} ms are on their way`);
      if (stepMs === 1) assert.ok(largest >= 64, `at most ${largest} steps at once`);
    },
  );
}

backendTest("a step that the device has not carried out is none", ["webgpu"], async (backend) => {
  const plan = await planOf({}), gpu = gpuOf(backend);
  const trainer = gpuTrainer(plan, { checkpoint: await startOf(plan), gpu, clock });
  let done = 0;
  const takeTo = async (end: number) => {
    const steps: TakenStep[] = [];
    while (done < end) {
      const taken = await trainer.take(done, end - done);
      done += taken.length;
      steps.push(...taken);
    }
    return steps;
  };
  await takeTo(2);
  // The third step's is lost.
  const submit = (): undefined => queue.stop() as undefined;
  const queue: { stop(): void } = replaced(gpu.device.queue, { submit });
  try {
    const steps = await takeTo(6);
    await assert.rejects(steps[0]!.nfe!(), {
      name: "FailureError",
      message: /^the GPU has not carried out a training step/,
    });
  } finally {
    queue.stop();
    trainer.dispose();
  }
});

backendTest("a step that could not be recorded whole is not recorded again", [
  "webgpu",
], async (backend) => {
  const plan = await planOf({}), gpu = gpuOf(backend);
  const trainer = gpuTrainer(plan, { checkpoint: await startOf(plan), gpu, clock });
  const [first] = await trainer.take(0, 1);
  await first!.loss();
  // Packing, solve, likelihood, replay, reduction and Adam of a step; then of the next not all.
  const record = gpu.record.bind(gpu);
  let calls = 0;
  const device = replaced(gpu, {
    record(...given) {
      if (calls++ === 9) throw new FailureError("no more");
      record(...given);
    },
  });
  try {
    const taken = await trainer.take(1, 8);
    assert.equal(taken.length, 1);
    await taken[0]!.loss();
    await assert.rejects(trainer.take(2, 8), { message: /^step 3: .*no more/ });
    assert.equal(calls, 10);
  } finally {
    device.stop();
    trainer.dispose();
  }
});

backendTest("steps that lack dispatches again and again are taken with their own figures", [
  "webgpu",
], async (backend) => {
  const plan = await planOf({}), gpu = gpuOf(backend);
  const checkpoint = await startOf(plan, 2);
  const end = 450;
  const whole = await stepsOf(gpuTrainer(plan, { checkpoint, gpu, clock }), end);
  const count = Object.getOwnPropertyDescriptor(DispatchForecast.prototype, "count")!;
  // When batches are large one dispatch is recorded, also when the steps are taken again.
  let lacks = 0, isDue = true;
  Object.defineProperty(DispatchForecast.prototype, "count", {
    configurable: true,
    get(this: DispatchForecast): number {
      return lacks > 0 ? 1 : count.get!.call(this);
    },
  });
  const { double } = DispatchForecast.prototype;
  DispatchForecast.prototype.double = function () {
    if (lacks === 0) return double.call(this);
    lacks--;
    return true;
  };
  const trainer = gpuTrainer(plan, { checkpoint, gpu, clock, tuning: { cap: 2 } });
  try {
    const steps: TakenStep[] = [];
    while (steps.length < end) {
      if (isDue && steps.length > 170) [lacks, isDue] = [3, false];
      steps.push(...await trainer.take(steps.length, end - steps.length));
    }
    const nfe = await Promise.all(steps.map(({ nfe }) => nfe!()));
    const losses = await Promise.all(steps.map(({ loss }) => loss()));
    assert.deepEqual(losses, whole.steps.map(({ loss }) => loss));
    assert.deepEqual(nfe, whole.steps.map(({ nfe }) => nfe));
    assert.deepEqual(await trainer.read(), whole.checkpoint);
  } finally {
    Object.defineProperty(DispatchForecast.prototype, "count", count);
    DispatchForecast.prototype.double = double;
    trainer.dispose();
  }
});

/** A run's end in a failure, its steps and its checkpoint. */
async function failureOf(spec: TrainSpec, run: string, openDataset: DatasetOpener) {
  const message = await train(spec, { run, openDataset }).then(
    () => assert.fail("it did not fail"),
    (error) => `${error.name}: ${error.message}`,
  );
  const { steps } = await readLog(`${run}/log.jsonl`);
  const checkpoint = await Deno.readFile(`${run}/checkpoint.safetensors`);
  return { message, steps: steps.map(({ step, nfe }) => [step, nfe]), checkpoint };
}

const failures: Readonly<Record<string, readonly [TrainOptions, DatasetOpener, RegExp]>> = {
  "a failed solve": [{ maxSteps: 4 }, openSmall, /: step \d+: .*the budget of 4 steps is spent/],
  "a failed solve, the steps penalised": [
    { maxSteps: 4, regularize: "steps=0.1", solver: "dopri5" },
    ...[openSmall, /: step \d+: .*the budget of 4 steps is spent/] as const,
  ],
  "an infinite loss": [{ standardize: "none" }, openLarge, /: step 1: the loss is Infinity/],
};

for (const [name, [options, openDataset, message]] of Object.entries(failures)) {
  backendTest(
    `a training run on a GPU ends like one on the CPU: ${name}`,
    ["webgpu"],
    (backend) =>
      inFolder(async (folder) => {
        const spec = { ...likelihood, model: "cnf", steps: 100, ...options } as const;
        const run = (kind: "webgpu" | "cpu") =>
          failureOf({ ...spec, backend: kind }, `${folder}/${kind}`, openDataset);
        const onGpu = await run("webgpu"), onCpu = await run("cpu");
        // t and h are float32 there.
        const rounded = (text: string) =>
          text.replace(/\d+\.\d+/g, (number) => Number(number).toPrecision(3));
        assert.equal(rounded(onGpu.message), rounded(onCpu.message));
        assert.match(onGpu.message, message);
        assert.deepEqual(onGpu.steps, onCpu.steps);
        assert.deepEqual(onGpu.checkpoint, onCpu.checkpoint); // from before the first step
        await openBackend(backend.kind);
      }),
  );
}

backendTest(
  "gpuTrainer() says where weights that are no numbers fail",
  ["webgpu"],
  async (backend) => {
    const plan = await planOf({}), gpu = gpuOf(backend);
    const trainer = gpuTrainer(plan, { checkpoint: await startOf(plan, NaN), gpu, clock });
    const [taken] = await trainer.take(0, 1);
    await assert.rejects(taken!.nfe!(), {
      name: "FailureError",
      message:
        /^the solve stopped for samples 0 to 7 at t = 0 .*the field or the state is not finite/,
    });
    trainer.dispose();
  },
);
