import assert from "node:assert/strict";
import { fuzzShapes, requireNear } from "./shapes.ts";

// A slice of `deno task fuzz`: a likelihood under a control group that no memory has, one training step
// of a CNF and one of a U-Net.
Deno.test("whole commands on random shapes: without checks of bounds, with them and portably alike", async () => {
  const { cases, succeeded } = await fuzzShapes({ seed: 7, cases: 3 });
  assert.equal(cases, 3);
  assert.ok(succeeded >= 3, `${succeeded} commands had a result`);
});

Deno.test("requireNear() finds a likelihood that is off by 0.15 at 1,500 dimensions", () => {
  requireNear([-2000.01, NaN], [-2000, NaN], 1500);
  assert.throws(() => requireNear([-2000.15], [-2000], 1500));
  assert.throws(() => requireNear([NaN], [-2000], 1500));
  assert.throws(() => requireNear([1], [1, 2], 2));
});
