import assert from "node:assert/strict";
import { runSelfTests } from "../../../src/report/self_tests/self_test.ts";

for (const seed of [0, 1]) {
  Deno.test(`runSelfTests() measures the closed forms, seed ${seed}`, async () => {
    const tests = await runSelfTests({ seed, backend: "cpu" });
    assert.deepEqual(tests.map(({ name }) => name), ["continuousFlow", "flowMatching"]);
    for (const { pass, claims } of tests) {
      for (const { statement, observed, expected, pass } of claims) {
        assert.ok(pass, `${statement}: ${observed}, expected ${expected}`);
      }
      assert.ok(pass && claims.length >= 7);
    }
    assert.deepEqual(await runSelfTests({ seed, backend: "cpu" }), tests);
  });
}
