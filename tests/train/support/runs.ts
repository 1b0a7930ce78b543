import assert from "node:assert/strict";
import type { ImageDataset, PointDataset } from "../../../src/data/dataset.ts";
import { fillNormal, fillUniform } from "../../../src/core/random/random.ts";
import type { TrainSpec } from "../../../src/train/train.ts";
import type { DatasetOpener } from "../../../src/train/training_plan.ts";
import { readLog } from "../../../src/train/run/training_log.ts";

/** 43 training and 10 test points on a slanted line with noise: 5 batches of 8, 3 left over. */
export function smallPoints(): PointDataset {
  const table = (subsequence: number, count: number) => {
    const points = fillNormal({ seed: 5, stream: 2, subsequence }, 0, new Float32Array(2 * count));
    for (let i = 0; i < count; i++) points[2 * i + 1]! += 2 * points[2 * i]!;
    return { points, count, labels: null };
  };
  return {
    kind: "points",
    name: "small",
    dims: 2,
    train: table(0, 43),
    test: table(1, 10),
    density: null,
    draw: null,
  };
}

/** 12 training and 4 test images of 6x6 random pixels. */
export function smallImages(): ImageDataset {
  const table = (subsequence: number, count: number) => {
    const pixels = fillUniform(
      { seed: 5, stream: 2, subsequence },
      0,
      new Float32Array(36 * count),
    );
    return {
      count,
      labels: null,
      read(indices: ArrayLike<number>, out: Float32Array) {
        for (let i = 0; i < indices.length; i++) {
          out.set(pixels.subarray(36 * indices[i]!, 36 * (indices[i]! + 1)), 36 * i);
        }
      },
    };
  };
  return {
    kind: "images",
    name: "small-images",
    height: 6,
    width: 6,
    channels: 1,
    train: table(0, 12),
    test: table(1, 4),
  };
}

/** Small runs of each model with a longer one's features: average, clipping, decay, evaluations. */
export const smallRuns = {
  cnf: {
    model: "cnf",
    data: "small",
    hidden: 4,
    batchSize: 8,
    steps: 9,
    ema: 0.9,
    evalEvery: 1,
    backend: "cpu",
    trace: "hutchinson",
  },
  fm: {
    model: "fm",
    data: "small",
    hidden: 8,
    batchSize: 8,
    steps: 12,
    ema: 0.9,
    clip: 1,
    weightDecay: 1e-3,
    evalEvery: 1,
    backend: "cpu",
  },
  images: {
    model: "fm",
    data: "small-images",
    net: "resnet",
    filters: 4,
    blocks: 1,
    batchSize: 4,
    epochs: 2,
    evalEvery: 1,
    backend: "cpu",
  },
  unet: {
    model: "fm",
    data: "small-images",
    filters: 4,
    batchSize: 4,
    epochs: 2,
    evalEvery: 1,
    backend: "cpu",
  },
} as const satisfies Record<string, TrainSpec>;

/** Opens the data of {@link smallRuns}. */
export const openSmall: DatasetOpener = (name) =>
  Promise.resolve(name === "small-images" ? smallImages() : smallPoints());

/** What two equal runs must share: weights, and the log except for times. */
export async function essence(run: string) {
  const { steps, evaluations } = await readLog(`${run}/log.jsonl`);
  return {
    steps: steps.map(({ step, loss, nfe }) => ({ step, loss, nfe })),
    evaluations,
    model: await Deno.readFile(`${run}/model.safetensors`),
    checkpoint: await Deno.readFile(`${run}/checkpoint.safetensors`),
  };
}

/** Asserts that a log has each step once, in order. */
export async function assertEachStepOnce(run: string, steps: number): Promise<void> {
  const log = await readLog(`${run}/log.jsonl`);
  assert.deepEqual(
    log.steps.map(({ step }) => step),
    Array.from({ length: steps }, (_, i) => i + 1),
  );
}
