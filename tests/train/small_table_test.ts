import assert from "node:assert/strict";
import { fillNormal } from "../../src/core/random/random.ts";
import { callerKey } from "../../src/core/random/subsequences.ts";
import type { PointDataset } from "../../src/data/dataset.ts";
import { openFile } from "../../src/data/file_dataset.ts";
import { logScaleSum, toModel } from "../../src/flows/standardization.ts";
import { readRunConfig } from "../../src/train/run/load_run.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { train } from "../../src/train/train.ts";
import { inFolder } from "../support/in_folder.ts";

/** Rows of three groups in three columns of different units, as a CSV text. */
function groups(count: number): string {
  const e = fillNormal(callerKey(5), 0, new Float64Array(3 * count));
  const row = (i: number) => {
    const [a, b, c] = e.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    const group = i % 3;
    const length = 150 + 10 * group + 2 * a;
    return [length, 0.5 * length + 4 * b, 0.01 * (group - 1) ** 2 + 0.002 * c].join();
  };
  return ["length,mass,share", ...Array.from({ length: count }, (_, i) => row(i)), ""].join("\n");
}

Deno.test("a CNF of 150 rows starts as their Gaussian, and its defaults end well below it", () =>
  inFolder(async (folder) => {
    const data = `${folder}/groups.csv`, run = `${folder}/run`;
    await Deno.writeTextFile(data, groups(150));
    const { metrics } = await train(
      { model: "cnf", data, steps: 300, evalEvery: 25, backend: "cpu" },
      { run },
    );
    const { config, standardization } = await readRunConfig(run);
    assert.equal(config.noise, 0.512); // 108 rows train: 108^(-1/7)
    const { test } = await openFile(data, { seed: config.seed, binarize: false }) as PointDataset;
    // The standard normal in model units is the Gaussian of the training rows.
    const w = toModel(standardization, test.points);
    const gaussian = logScaleSum(standardization) + 1.5 * Math.log(2 * Math.PI) +
      w.reduce((sum, value) => sum + value * value / 2, 0) / test.count;
    const { steps } = await readLog(`${run}/log.jsonl`);
    assert.ok(Math.abs(steps[0]!.loss - gaussian) < 0.6, `${steps[0]!.loss}, ${gaussian}`);
    assert.ok(metrics.testLoss! < gaussian - 0.3, `${metrics.testLoss}, ${gaussian}`);
  }));
