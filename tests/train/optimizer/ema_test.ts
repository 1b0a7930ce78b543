import assert from "node:assert/strict";
import { emaDecay } from "../../../src/train/optimizer/ema.ts";

Deno.test("emaDecay() starts at a tenth and ends at the decay", () => {
  assert.equal(emaDecay(0.99, 0), 0.1);
  assert.equal(emaDecay(0.99, 10_000), 0.99);
});
