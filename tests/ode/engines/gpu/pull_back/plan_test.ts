import assert from "node:assert/strict";
import { workgroupVariables } from "../../../../../src/backends/gpu/mod.ts";
import {
  pullBackPlan,
  pullBackVariables,
} from "../../../../../src/ode/engines/gpu/pull_back/plan.ts";

const field = { dims: 2, hidden: 128, trace: "exact", groupRows: 8, stages: 6 } as const;

Deno.test("pullBackPlan() keeps within 32 KiB of workgroup memory and 256 threads", () => {
  for (const hidden of [2, 6, 64, 128, 256, 512]) {
    for (
      const [dims, trace] of [[2, "exact"], [3, "exact"], [2, "none"], [43, "hutchinson"]] as const
    ) {
      for (const groupRows of [1, 3, 8, 32]) {
        const shape = { dims, hidden, trace, groupRows, stages: 6, rows: 100, chunkSteps: 64 };
        const plan = pullBackPlan(shape, 2 ** 20);
        const { bytes } = workgroupVariables(pullBackVariables(shape, plan));
        assert.ok(bytes <= 2 ** 15 && plan.threads <= 256, JSON.stringify([shape, bytes]));
        assert.ok(plan.tileRows >= 1 && plan.tileRows <= groupRows);
        assert.ok(plan.tilesPerGroup * plan.tileRows >= groupRows);
      }
    }
  }
  // WebGPU's guaranteed 16 KiB hold a column at a time of the widest usual network.
  for (const [bytes, columns] of [[2 ** 15, 3], [2 ** 14, 1]] as const) {
    const plan = pullBackPlan({ ...field, rows: 8, chunkSteps: 64 }, bytes);
    assert.deepEqual([plan.tileRows, plan.tile.columns], [8, columns]);
  }
  const wide = { ...field, hidden: 1028, rows: 8, chunkSteps: 64 };
  assert.throws(() => pullBackPlan(wide, 2 ** 15), /width 1028 .* workgroup memory/);
});

Deno.test("pullBackPlan() has at most 512 partial sums, in one binding, and enough dispatches", () => {
  for (const [hidden, rows] of [[64, 8192], [128, 8192], [512, 1_000_000], [16, 8]] as const) {
    const shape = { ...field, hidden, rows, chunkSteps: 64 };
    const plan = pullBackPlan(shape, 2 ** 15);
    const { partialSums, partialSumSize, rounds, tiles, dispatches, stepsPerDispatch } = plan;
    assert.ok(partialSums <= 512 && 16 * partialSums * partialSumSize <= 2 ** 27);
    assert.ok(rounds * partialSums >= tiles);
    // Each of a workgroup's tiles takes all steps and one turn more.
    assert.ok(dispatches * stepsPerDispatch >= rounds * 65);
  }
});

Deno.test("pullBackPlan() replays many rows in few dispatches, far from a submit of its own", () => {
  const shape = { ...field, hidden: 64, rows: 1_000_000, chunkSteps: 8 };
  const { dispatches, rounds } = pullBackPlan(shape, 2 ** 15);
  assert.ok(rounds > 200 && dispatches < 50, `${dispatches} for ${rounds} tiles`);
});
