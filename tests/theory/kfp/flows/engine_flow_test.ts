import assert from "node:assert/strict";
import {
  type EngineFlow,
  judgeEngine,
  measureEngine,
} from "../../../../src/theory/kfp/flows/engine_flow.ts";
import { backendTest } from "../../../support/backends.ts";

const measured = new Map<string, EngineFlow>();

backendTest(
  "the engine's flow of the CNF agrees with float64",
  ["cpu", "webgpu"],
  async (backend) => {
    const flow = await measureEngine(backend, 2);
    measured.set(backend.kind, flow);
    const claims = judgeEngine(backend.kind, flow);
    assert.equal(claims.length, 4);
    assert.deepEqual(claims.filter(({ pass }) => !pass), []);
  },
);

function passes(changed: Partial<EngineFlow>): boolean {
  return judgeEngine("cpu", { ...measured.get("cpu")!, ...changed }).every(({ pass }) => pass);
}

Deno.test("judgeEngine() rejects a wrong trace, flow map or integral", () => {
  const flow = measured.get("cpu")!;
  const negative = (values: readonly number[]) => values.map((value) => -value);
  assert.equal(passes({}), true);
  assert.equal(passes({ traces: negative(flow.traces) }), false, "trace with the wrong sign");
  assert.equal(passes({ integrals: negative(flow.integrals) }), false, "integral, wrong sign");
  assert.equal(passes({ logDets: negative(flow.logDets) }), false, "determinant, wrong sign");
  const swapped = flow.ends.map((end) => end.toReversed());
  assert.equal(passes({ ends: swapped }), false, "coordinates swapped");
  const lost = flow.traces.map((value, i) => i === 3 ? NaN : value);
  assert.equal(passes({ traces: lost }), false, "no number");
});
