import assert from "node:assert/strict";
import { epochLosses } from "../../src/report/evaluation/epoch_losses.ts";
import { train } from "../../src/train/train.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { inFolder } from "../support/in_folder.ts";
import { essence, openSmall, smallRuns } from "./support/runs.ts";

for (const name of ["cnf", "images"] as const) {
  Deno.test(`train() of ${name} with an evaluation before training is the same run`, () =>
    inFolder(async (folder) => {
      const spec = smallRuns[name];
      const plain = `${folder}/plain`, untrained = `${folder}/untrained`;
      await train(spec, { run: plain, openDataset: openSmall });
      const options = { run: untrained, openDataset: openSmall, evaluatesUntrained: true };
      const abort = new AbortController();
      const hooks = {
        onStep: ({ step }: { step: number }) => step === 2 ? abort.abort() : undefined,
      };
      const stopped = await train(spec, { ...options, hooks, signal: abort.signal });
      assert.equal(stopped.kind, "interrupted");
      await train(spec, { ...options, mode: "resume" });

      const expected = await essence(plain), found = await essence(untrained);
      const [first, ...others] = found.evaluations;
      assert.deepEqual({ ...found, evaluations: others }, expected);
      assert.deepEqual([first!.step, first!.epoch], [0, 0]);
      const fresh = `${folder}/fresh`;
      await train({ ...spec, ...(name === "images" ? { epochs: undefined } : {}), steps: 0 }, {
        run: fresh,
        openDataset: openSmall,
      });
      // A run of no steps evaluates its initial weights.
      const { evaluations: [initial] } = await readLog(`${fresh}/log.jsonl`);
      assert.equal(first!.testLoss, initial!.testLoss);

      const log = await readLog(`${untrained}/log.jsonl`);
      const losses = epochLosses(log);
      assert.deepEqual(losses.map(({ testLoss }) => testLoss), [
        first!.testLoss,
        ...others.map(({ testLoss }) => testLoss),
      ]);
      assert.equal(losses[0]!.trainLoss, null);
      const { step } = losses[1]!;
      const batches = log.steps.slice(0, step).map(({ loss }) => loss);
      const mean = batches.reduce((a, b) => a + b) / step;
      assert.ok(Math.abs(losses[1]!.trainLoss! - mean) < 1e-9);
    }));
}
