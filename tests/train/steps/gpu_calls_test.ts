import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import { firstCheckpoint } from "../../../src/train/run/checkpoint.ts";
import { openTrainer } from "../../../src/train/steps/open_trainer.ts";
import type { TakenStep } from "../../../src/train/steps/trainer.ts";
import { planRun } from "../../../src/train/training_plan.ts";
import { initialWeights } from "../../../src/train/weights/initial_weights.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";
import { smallImages, smallRuns } from "../support/runs.ts";

/** Steps whose losses are read together. */
const STEPS = 8;

/**
 * Largest numbers of dispatches, and of writes of the host's numbers, per step. With tfjs's kernels and buffers they were 1,210 and 72, with 80 and
 * 5 submits and some 230 and 11 new buffers; with a copy by command per tensor of weights and per gradient there
 * were 152 and 20 copies. The host writes the sizes of each dispatch, the indices of the batch's images and the keys of
 * its random numbers, but no times.
 */
const most = {
  unet: { dispatches: 190, writes: 192 },
  images: { dispatches: 35, writes: 36 },
} as const;

for (const [name, { dispatches, writes }] of Object.entries(most)) {
  backendTest(
    `a training step of ${name} creates no buffer and is one submit`,
    ["webgpu"],
    async (backend) => {
      const images = smallImages();
      let reads = 0;
      const read = (indices: ArrayLike<number>, out: Float32Array) => {
        reads++;
        images.train.read(indices, out);
      };
      const { model, ...options } = smallRuns[name as keyof typeof most];
      const plan = await planRun({
        ...{ model, options: { ...options, backend: "webgpu" }, configFile: null, values: {} },
        openDataset: () => ({ ...images, train: { ...images.train, read } }),
      });
      const { config, network } = plan;
      const weights = await initialWeights(config.init, { network, seed: config.seed });
      const trainer = await openTrainer(plan, {
        checkpoint: firstCheckpoint(weights, config),
        device: { backend, engines: enginesOf(backend, { threads: 1 }) },
        clock: () => 0,
      });
      const takeSteps = async (done: number) => {
        const taken: TakenStep[] = [];
        while (taken.length < STEPS) taken.push(...await trainer.take(done + taken.length, 1));
        return taken;
      };
      const readLosses = async (taken: TakenStep[]) => {
        await Promise.all(taken.map(({ loss }) => loss()));
        for (const step of taken) step.dispose();
      };
      await readLosses(await takeSteps(0));
      const counter = countGpuCalls();
      try {
        const { numTensors } = tf.memory();
        const taken = await takeSteps(STEPS);
        const calls = counter.calls();
        await readLosses(taken);
        assert.equal(tf.memory().numTensors, numTensors);
        assert.ok(calls.dispatches <= STEPS * dispatches, `${calls.dispatches / STEPS} dispatches`);
        assert.equal(reads, 1); // all images are on the GPU
        assert.deepEqual([calls.buffers, calls.submits, calls.copies], [0, STEPS, 0]);
        assert.ok(calls.writes <= STEPS * writes, `${calls.writes / STEPS} writes`);
        // The losses are copied and read together.
        assert.deepEqual(counter.calls(), { ...calls, submits: STEPS + 1, copies: STEPS });
      } finally {
        counter.stop();
        trainer.dispose();
      }
    },
  );
}
