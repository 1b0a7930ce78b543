import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { gpuOf } from "../../src/backends/gpu/gpu.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { openDataset } from "../../src/data/registry.ts";
import type { TrainHooks } from "../../src/train/hooks.ts";
import { train, type TrainSpec } from "../../src/train/train.ts";
import type { DatasetOpener } from "../../src/train/training_plan.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { backendTest } from "../support/backends.ts";
import { inFolder } from "../support/in_folder.ts";
import { openSmall } from "./support/runs.ts";

const cnf: TrainSpec = {
  model: "cnf",
  data: "moons",
  hidden: 8,
  batchSize: 16,
  warmup: 2,
  evalEvery: 0,
};

/** Bytes of tfjs's buffers. */
const bytesOnGpu = () => (tf.memory() as tf.MemoryInfo & { numBytesInGPU: number }).numBytesInGPU;

/** Runs on Fluxion's own data, small enough for a software adapter. */
const runs: Readonly<Record<string, TrainSpec>> = {
  "5 steps of a CNF": { ...cnf, steps: 5 },
  "2 steps of a CNF by Hutchinson's trace and the adjoint": {
    ...cnf,
    steps: 2,
    trace: "hutchinson",
    probes: "gaussian",
    gradient: "adjoint",
  },
  "3 steps of flow matching on MNIST": {
    model: "fm",
    data: "mnist",
    net: "resnet",
    filters: 2,
    blocks: 1,
    batchSize: 4,
    steps: 3,
    warmup: 1,
    evalEvery: 0,
  },
  "8 steps of a U-Net on images of 6x6": {
    model: "fm",
    data: "small-images",
    filters: 4,
    batchSize: 4,
    steps: 8,
    warmup: 1,
    evalEvery: 0,
  },
};

/** Data with so many test rows, which take long on a software adapter. */
const openFirst = (count: number): DatasetOpener => async (name, opening) => {
  if (name === "small-images") return await openSmall(name, opening);
  const dataset = await openDataset(name, opening);
  return { ...dataset, test: { ...dataset.test, count } } as Dataset;
};

/** Test losses are not compared. */
const openFew = openFirst(4);

async function lossesOf(given: TrainSpec, run: string): Promise<readonly number[]> {
  await train(given, { run, openDataset: openFew });
  return (await readLog(`${run}/log.jsonl`)).steps.map(({ loss }) => loss);
}

for (const [name, given] of Object.entries(runs)) {
  backendTest(`${name} have the CPU's losses`, ["webgpu"], () =>
    inFolder(async (folder) => {
      const onCpu = await lossesOf({ ...given, backend: "cpu" }, `${folder}/cpu`);
      const onGpu = await lossesOf({ ...given, backend: "webgpu" }, `${folder}/webgpu`);
      assert.equal(onGpu.length, given.steps);
      onGpu.forEach((loss, i) => {
        const error = Math.abs(loss - onCpu[i]!) / Math.abs(onCpu[i]!);
        // Bound for float32 sums in another order, through an adaptive solver.
        assert.ok(error < 1e-3, `step ${i + 1}: ${loss} on the GPU, ${onCpu[i]} on the CPU`);
      });
    }));
}

/**
 * Whole runs, the untrained test loss that they leave far behind, and how far apart the two may end. Float32 sums in
 * another order let a CNF's adaptive steps differ; flow matching has none.
 */
const wholeRuns: Readonly<Record<string, readonly [TrainSpec, number, number]>> = {
  // The loosest solves that do not hurt the model: 38 evaluations per step, a minute on two cores.
  "500 steps of a CNF, 32 wide, at batch 128": [
    { ...cnf, hidden: 32, batchSize: 128, steps: 500, solver: "bosh3", rtol: 0.02, atol: 0.02 },
    ...[2.8, 0.02] as const,
  ],
  "200 steps of flow matching on points": [
    { model: "fm", data: "moons", hidden: 16, batchSize: 64, steps: 200, evalEvery: 0 },
    ...[1.7, 1e-4] as const,
  ],
  "60 steps of flow matching on MNIST": [
    {
      ...{ model: "fm", data: "mnist", net: "resnet", filters: 4, blocks: 1, batchSize: 4 },
      ...{ steps: 60, evalEvery: 0 },
    },
    ...[1.1, 1e-4] as const,
  ],
};

for (const [name, [given, untrained, tolerance]] of Object.entries(wholeRuns)) {
  backendTest(
    `${name} end at the CPU's quality, in level memory`,
    ["webgpu"],
    (backend) =>
      inFolder(async (folder) => {
        const endOf = async (kind: "webgpu" | "cpu", hooks: TrainHooks = {}) => {
          const run = `${folder}/${kind}`;
          await train({ ...given, backend: kind }, { run, openDataset: openFirst(64), hooks });
          return (await readLog(`${run}/log.jsonl`)).evaluations.at(-1)!.testLoss!;
        };
        // Bytes in buffers, ours and tfjs's, at most in each half of the run.
        const most = [0, 0];
        const onGpu = await endOf("webgpu", {
          onStep: ({ step, steps }) => {
            const half = Number(step > steps / 2);
            most[half] = Math.max(most[half]!, bytesOnGpu() + gpuOf(backend).counts.bytes);
          },
        });
        assert.ok(most[0]! > 0 && most[1]! <= most[0]!, `${most} bytes`);
        const onCpu = await endOf("cpu");
        await openBackend(backend.kind);
        assert.ok(
          onCpu < 0.7 * untrained && Math.abs(onGpu - onCpu) < tolerance,
          `${onGpu} on the GPU, ${onCpu} on the CPU`,
        );
      }),
  );
}

backendTest("training frees its GPU buffers", ["webgpu"], () =>
  inFolder(async (folder) => {
    const before = bytesOnGpu();
    const seen = new Map<number, number>();
    const given = { ...cnf, steps: 6, backend: "webgpu" } as const;
    await train(given, {
      run: `${folder}/run`,
      openDataset: openFew,
      hooks: { onStep: ({ step }) => void seen.set(step, bytesOnGpu()) },
    });
    assert.equal(seen.get(6), seen.get(2), "bytes on the GPU after step 6 and after step 2");
    assert.equal(bytesOnGpu(), before, "bytes on the GPU after training");
  }));
