import assert from "node:assert/strict";
import type { TrainSpec } from "../../src/train/train.ts";
import { train } from "../../src/train/train.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { inFolder } from "../support/in_folder.ts";
import { openSmall, smallRuns } from "./support/runs.ts";

/**
 * Three training losses and one evaluation loss, as recorded for seed 0 when this was written. A
 * run is a function of its seed: RNG streams and subsequences are never renumbered, so these change
 * only with the mathematics.
 */
const recorded: Readonly<Record<keyof typeof smallRuns, readonly number[]>> = {
  cnf: [5.05704, 7.28145, 2.74262, 4.20957],
  fm: [3.94972, 5.314, 2.81352, 4.4171],
  images: [1.29358, 1.45147, 1.35971, 1.29128],
  unet: [1.30111, 1.28841, 1.13538, 1.10317],
};

for (const [name, expected] of Object.entries(recorded)) {
  Deno.test(`train() of ${name} with seed 0 has the losses that it always had`, () =>
    inFolder(async (folder) => {
      const { epochs: _, ...rest } = { epochs: 0, ...smallRuns[name as keyof typeof smallRuns] };
      const given: TrainSpec = { ...rest, steps: 3, lr: 0.01, warmup: 0, schedule: "constant" };
      await train(given, { run: folder + "/run", openDataset: openSmall });
      const { steps, evaluations } = await readLog(`${folder}/run/log.jsonl`);
      const losses = [...steps.map(({ loss }) => loss), evaluations.at(-1)!.testLoss];
      assert.equal(losses.length, expected.length);
      losses.forEach((loss, i) => {
        // Machines differ by rounding only.
        assert.ok(Math.abs(loss / expected[i]! - 1) < 1e-3, `${losses}; expected ${expected}`);
      });
    }));
}
