import assert from "node:assert/strict";
import { unlimited } from "../../../../src/backends/gpu/limits.ts";
import { supportsGpuSteps } from "../../../../src/train/steps/gpu/step_tasks.ts";
import { planOf } from "./small_plan.ts";

Deno.test("supportsGpuSteps() refuses batches whose sums a driver could cut short", async () => {
  for (const regularize of ["none", "steps=0.1"] as const) {
    const plan = await planOf({ regularize });
    const supportOf = (batchSize: number) =>
      supportsGpuSteps({ ...plan, config: { ...plan.config, batchSize } }, unlimited);
    assert.deepEqual(supportOf(2 ** 20), { kind: "yes" });
    const support = supportOf(2 ** 23);
    assert.ok(support.kind === "no");
    assert.match(
      support.reasons.join(),
      /^it sums over a batch in loops of at most 60000 iterations, and 8388608 rows of 2 dimensions take \d+$/,
    );
  }
});
