import assert from "node:assert/strict";
import type { PointDataset } from "../../src/data/dataset.ts";
import { sample } from "../../src/flows/sample.ts";
import { openDevice } from "../../src/ode/engines/open_device.ts";
import { loadRun } from "../../src/train/run/load_run.ts";
import { train } from "../../src/train/train.ts";
import { inFolder } from "../support/in_folder.ts";

const place = [3, -1] as const;

/** A data set of one repeated point. */
function onePoint(): PointDataset {
  const table = (count: number) => ({
    points: Float32Array.from({ length: 2 * count }, (_, i) => place[i % 2]!),
    count,
    labels: null,
  });
  return {
    kind: "points",
    name: "one-point",
    dims: 2,
    train: table(256),
    test: table(8),
    density: null,
    draw: null,
  };
}

Deno.test("train() of fm on one point produces samples of width sigmaMin around it", () =>
  inFolder(async (folder) => {
    const sigmaMin = 0.5;
    const { metrics } = await train({
      model: "fm",
      data: "one-point",
      sigmaMin,
      hidden: 32,
      batchSize: 64,
      steps: 400,
      lr: 0.01,
      evalEvery: 0,
      backend: "cpu",
    }, { run: `${folder}/run`, openDataset: () => Promise.resolve(onePoint()) });
    assert.equal(metrics.steps, 400);

    const { engines } = await openDevice("cpu");
    const { model } = await loadRun(`${folder}/run`);
    const count = 1000;
    const { samples } = await sample(model, engines, { count });
    model.parameters.dispose();
    // The flow from N(0, 1) at t = 0 to N(place, sigmaMin^2) at t = 1 is exact for one point.
    place.forEach((center, column) => {
      const values = Array.from({ length: count }, (_, i) => samples[2 * i + column]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      assert.ok(Math.abs(mean - center) < 0.1, `column ${column}: mean ${mean}`);
      const width = Math.sqrt(variance);
      assert.ok(Math.abs(width - sigmaMin) < 0.08, `column ${column}: width ${width}`);
    });
  }));
