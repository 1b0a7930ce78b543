import assert from "node:assert/strict";
import { stopWord } from "../../../src/core/stop.ts";
import { eightGaussiansSource } from "../../../src/flows/sources/eight_gaussians.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { engineModule } from "../../../src/ode/engines/cpu/engine_module.ts";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import type { FlowValues } from "../../../src/train/config/flow_values.ts";
import { TrainState } from "../../../src/train/optimizer/train_state.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { type Checkpoint, firstCheckpoint } from "../../../src/train/run/checkpoint.ts";
import { likelihoodTrainer, supportsNumbers } from "../../../src/train/steps/likelihood_trainer.ts";
import { tensorTrainer } from "../../../src/train/steps/tensor_trainer.ts";
import type { Trainer } from "../../../src/train/steps/trainer.ts";
import { train } from "../../../src/train/train.ts";
import { trainingLoss } from "../../../src/train/training_loss.ts";
import { planRun, type TrainingPlan } from "../../../src/train/training_plan.ts";
import { initialWeights } from "../../../src/train/weights/initial_weights.ts";
import { backendTest } from "../../support/backends.ts";
import { linear } from "../../support/own_networks.ts";
import { inFolder } from "../../support/in_folder.ts";
import { essence, openSmall, smallRuns } from "../support/runs.ts";

const STEPS = 6;

async function planOf(options: TrainOptions = {}, values: FlowValues = {}): Promise<TrainingPlan> {
  const { model, ...small } = smallRuns.cnf;
  return await planRun({
    ...{ model, values, configFile: null, openDataset: openSmall },
    options: { ...small, trace: "exact", regularize: "none", steps: 100, ...options },
  });
}

async function startOf({ config, network }: TrainingPlan): Promise<Checkpoint> {
  const weights = await initialWeights(config.init, { network, seed: config.seed });
  // A field in which the penalised steps are more than the least, and have a gradient.
  return firstCheckpoint(weights.map((weight) => 4 * weight), config);
}

/** Figures of a trainer's first steps and the checkpoint after them; disposes it. */
async function stepsOf(trainer: Trainer) {
  const steps: (number | null | Record<string, number>)[][] = [];
  for (let done = 0; done < STEPS; done++) {
    for (const step of await trainer.take(done, 1)) {
      const found = step.energies === null ? {} : await step.energies();
      // Over tensors all are float32 numbers, the predicted steps of numbers a float64 one.
      const energies = Object.fromEntries(
        Object.entries(found).map(([name, value]) => [name, Math.fround(value)]),
      );
      steps.push([step.step, await step.loss(), await step.nfe!(), energies]);
      step.dispose();
    }
  }
  const checkpoint = await trainer.read();
  trainer.dispose();
  return { steps, checkpoint };
}

/** The first steps of both trainers. */
async function bothOf(plan: TrainingPlan, engines: ReturnType<typeof enginesOf>) {
  const checkpoint = await startOf(plan);
  const { config, network, standardization, values } = plan;
  const state = new TrainState(config, network, { ...checkpoint, standardization, values });
  const tensors = await stepsOf(tensorTrainer(plan, { state, loss: trainingLoss(plan, engines) }));
  const numbers = await stepsOf(await likelihoodTrainer(plan, { checkpoint, engines }));
  return { tensors, numbers };
}

const cases: Readonly<Record<string, TrainOptions>> = {
  "defaults": {},
  "probes": { trace: "hutchinson" },
  "the adjoint gradient": { gradient: "adjoint" },
  "fixed steps, z-scores, noise": {
    solver: "rk4",
    solverSteps: 3,
    standardize: "zscore",
    noise: 0.3,
  },
  "predicted steps, as by default": { regularize: "steps=0.006" },
  "energies and steps, probes": {
    trace: "hutchinson",
    regularize: "kinetic=0.1,jacobian=0.05,steps=0.01",
  },
  "energies, the adjoint gradient": { gradient: "adjoint", regularize: "kinetic=0.1,steps=0.01" },
  "no average, active clipping, decay": { ema: 0, clip: 0.01, weightDecay: 0.1 },
};

for (const [name, options] of Object.entries(cases)) {
  backendTest(
    `likelihoodTrainer() takes the steps of tensorTrainer(), bit for bit: ${name}`,
    ["cpu"],
    async (backend) => {
      const plan = await planOf(options);
      assert.deepEqual(supportsNumbers(plan), { kind: "yes" });
      const { tensors, numbers } = await bothOf(plan, enginesOf(backend, { threads: 2 }));
      assert.deepEqual(numbers, tensors);
    },
  );
}

backendTest("supportsNumbers() leaves to tensors what takes them", ["cpu"], async () => {
  const plan = await planOf();
  const kindOf = (other: TrainingPlan) => supportsNumbers(other).kind;
  assert.equal(kindOf({ ...plan, network: linear }), "no");
  assert.equal(kindOf({ ...plan, values: { source: eightGaussiansSource } }), "no");
  assert.equal(kindOf({ ...plan, config: { ...plan.config, model: "fm" } }), "no");
  assert.equal(kindOf({ ...plan, config: { ...plan.config, batchSize: 2 ** 40 } }), "no");
});

backendTest("supportsNumbers() asks for the predicted steps' solve too", ["cpu"], async () => {
  const kindOf = async (dims: number, options: TrainOptions) => {
    const { config, ...plan } = await planOf({ ...options, controlGroup: "batch" });
    const of = (batchSize: number, regularize: string) =>
      supportsNumbers({
        ...{ ...plan, network: mlpNetwork({ dims, hidden: 4 }) },
        config: { ...config, batchSize, regularize },
      }).kind;
    return (batchSize: number) => [of(batchSize, "steps=0.006"), of(batchSize, "none")];
  };
  // Eight states of whole tiles of 8 rows, and their 7 times, stay below 2 MiB - 256: 64 bytes per tile
  // and number of a row's state.
  const adjoint = await kindOf(10, { gradient: "adjoint" });
  assert.deepEqual(adjoint(4096), ["no", "yes"]);
  assert.deepEqual(adjoint(8 * 373), ["no", "yes"]);
  assert.deepEqual(adjoint(8 * 372), ["yes", "yes"]);
  const fixed = await kindOf(2, { solver: "rk4", solverSteps: 4 });
  assert.deepEqual(fixed(12288), ["no", "yes"]);
  assert.deepEqual(fixed(8 * 1366), ["no", "yes"]);
  assert.deepEqual(fixed(8 * 1365), ["yes", "yes"]);
});

backendTest("likelihoodTrainer() frees the engine's memory", ["cpu"], async (backend) => {
  const { memory } = await engineModule("fastest");
  const plan = await planOf({ regularize: "steps=0.01" });
  const checkpoint = await startOf(plan), engines = enginesOf(backend, { threads: 1 });
  const marked = async () => {
    await stepsOf(await likelihoodTrainer(plan, { checkpoint, engines }));
    const block = memory.allocate(2 ** 20);
    memory.release(block);
    return block.at;
  };
  await marked();
  assert.equal(await marked(), await marked());
});

Deno.test("train() of a CNF that was interrupted within a step resumes bit for bit", () =>
  inFolder(async (folder) => {
    const options = { ...smallRuns.cnf, steps: 12, evalEvery: 0 };
    await train(options, { run: `${folder}/whole`, openDataset: openSmall });
    const run = `${folder}/halves`;
    let seen = 0;
    const onStep = () => {
      if (++seen === 5) Atomics.store(stopWord, 0, 1);
    };
    const first = await train(options, { run, openDataset: openSmall, hooks: { onStep } });
    assert.equal(first.kind, "interrupted");
    const { kind } = await train(options, { run, openDataset: openSmall, mode: "resume" });
    assert.equal(kind, "finished");
    assert.deepEqual(await essence(run), await essence(`${folder}/whole`));
  }));
