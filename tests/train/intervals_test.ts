import assert from "node:assert/strict";
import { pointDataset } from "../../src/data/point_dataset.ts";
import { resolveConfig } from "../../src/train/config/resolve_config.ts";
import { defaultIntervals, intervalSteps, validationSteps } from "../../src/train/intervals.ts";
import type { TrainOptions } from "../../src/train/options/table.ts";
import { smallImages } from "./support/runs.ts";

const points = pointDataset({ name: "t", points: new Float64Array(40), dims: 2 });
const table = { ...points, file: { columns: [], dropped: [] } };

/** Numbers of evaluations and of pictures in a run with the default intervals. */
function counts(
  { data = "t.csv", dataset = table, given = {}, model = "cnf" }: {
    readonly model?: "cnf" | "fm";
    readonly data?: string;
    readonly dataset?: typeof table | typeof points | ReturnType<typeof smallImages>;
    readonly given?: TrainOptions;
  },
  { stepsPerEpoch, steps }: { readonly stepsPerEpoch: number; readonly steps: number },
): [evaluations: number, pictures: number] {
  const net = dataset.kind === "images" ? "unet" : "mlp";
  const config = resolveConfig(net === "mlp" ? model : "fm", null, { ...given, data, net });
  const intervals = defaultIntervals(config, { dataset, stepsPerEpoch, steps, given });
  const count = (epochs: number) =>
    epochs === 0 ? 0 : Math.floor(steps / intervalSteps(epochs, stepsPerEpoch));
  return [count(intervals.evalEvery), count(intervals.sampleEvery)];
}

Deno.test("defaultIntervals() of a file are counted in the run, however small or large it is", () => {
  assert.deepEqual(counts({}, { stepsPerEpoch: 1, steps: 3000 }), [60, 20]);
  assert.deepEqual(counts({}, { stepsPerEpoch: 7, steps: 3000 }), [53, 19]);
  assert.deepEqual(counts({ model: "fm" }, { stepsPerEpoch: 1, steps: 8000 }), [59, 0]);
  // The run ends within the second epoch: evaluations in between, one picture an epoch.
  assert.deepEqual(counts({}, { stepsPerEpoch: 2100, steps: 3000 }), [60, 1]);
  assert.deepEqual(counts({}, { stepsPerEpoch: 3, steps: 100_000 }), [59, 19]);
  // A short run is not mostly evaluation.
  assert.deepEqual(counts({}, { stepsPerEpoch: 1, steps: 100 }), [4, 4]);
  // Typed options are epochs.
  const given = { evalEvery: 2, sampleEvery: 5 };
  assert.deepEqual(counts({ given }, { stepsPerEpoch: 1, steps: 3000 }), [1500, 600]);
});

Deno.test("defaultIntervals() of other data are their network's, with a limit unless they are built in", () => {
  const images = { data: "images-idx3-ubyte", dataset: smallImages() };
  assert.deepEqual(counts(images, { stepsPerEpoch: 50, steps: 400 }), [8, 8]);
  assert.deepEqual(counts(images, { stepsPerEpoch: 1, steps: 3000 }), [60, 20]);
  const own = { data: "own", dataset: points };
  assert.deepEqual(counts(own, { stepsPerEpoch: 31, steps: 3000 }), [9, 4]);
  assert.deepEqual(counts(own, { stepsPerEpoch: 1, steps: 3000 }), [60, 20]);
  assert.deepEqual(counts({ ...own, model: "fm" }, { stepsPerEpoch: 1, steps: 3000 }), [60, 0]);
  const moons = { data: "moons", dataset: points };
  assert.deepEqual(counts(moons, { stepsPerEpoch: 1, steps: 3000 }), [300, 150]);
});

Deno.test("validationSteps() is a multiple of the steps between evaluations, at least ten", () => {
  assert.deepEqual([1, 4, 7, 12].map((steps) => validationSteps(steps, 1)), [10, 12, 14, 12]);
  assert.equal(validationSteps(0, 5), 0);
  assert.deepEqual([intervalSteps(0.4, 10), intervalSteps(1e-9, 10)], [4, 1]);
});
