import assert from "node:assert/strict";
import { openFile } from "../../../src/data/file_dataset.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { BatchRows } from "../../../src/train/steps/batch_rows.ts";
import { planRun } from "../../../src/train/training_plan.ts";
import { inFolder } from "../../support/in_folder.ts";

const cases: Readonly<Record<string, TrainOptions>> = {
  "raw values": { standardize: "none" },
  "z-scores": { standardize: "zscore" },
  "whitened": { standardize: "whiten" },
  "a log column": { standardize: "zscore", log: ["2"] },
  "a discrete column": { standardize: "zscore", dequantize: ["3"] },
  "noise": { standardize: "whiten", noise: 0.4 },
};

for (const [name, options] of Object.entries(cases)) {
  Deno.test(`BatchRows.write() writes the rows of at(): ${name}`, () =>
    inFolder(async (folder) => {
      const data = `${folder}/table.csv`;
      const row = (i: number) => [Math.sin(i), 2 + Math.cos(3 * i), i % 4].join();
      await Deno.writeTextFile(data, Array.from({ length: 60 }, (_, i) => row(i)).join("\n"));
      const plan = await planRun({
        ...{ model: "fm", configFile: null, values: {} },
        options: { data, batchSize: 7, steps: 30, validation: 0, noise: 0, ...options },
        openDataset: (name, opening) => openFile(name, opening),
      });
      const batches = new BatchRows(plan), out = new Float32Array(7 * plan.network.rowWidth);
      for (const step of [0, 1, 9, 3]) {
        batches.write(step, out);
        assert.deepEqual(out, batches.at(step).rows, `step ${step}`);
      }
    }));
}
