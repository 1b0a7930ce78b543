import assert from "node:assert/strict";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { checkFmVariance } from "../../../src/theory/fm_variance/check.ts";
import { proved } from "../../../src/theory/fm_variance/gaussian_path.ts";
import { carry, engineIntegrator } from "../../../src/theory/fm_variance/transport.ts";
import { backendTest } from "../../support/backends.ts";

const keys = ["t", "s", "rho", "sigmaMin", "variance", "stdErr", "theory"];

backendTest("checkFmVariance() passes every claim", ["cpu", "webgpu"], async (backend) => {
  const check = await checkFmVariance({ seed: 0, backend });
  assert.deepEqual(check.claims.filter(({ pass }) => !pass), []);
  assert.equal(check.pass, true);
  assert.equal(check.name, "fm-variance");
  assert.ok(check.claims.some(({ statement }) => statement.includes(`${backend.kind} engine`)));
});

Deno.test("checkFmVariance() returns rows that survive JSON and depend on the seed only", async () => {
  const backend = await openBackend("cpu");
  const check = await checkFmVariance({ seed: 4, backend });
  assert.deepEqual(JSON.parse(JSON.stringify(check)), check);
  assert.equal(check.pass, true);
  for (const row of check.rows) {
    for (const key of keys) assert.ok(Number.isFinite(Reflect.get(row, key)), `${key} of a row`);
  }
  // Several of each, as the contract of the command asks.
  for (const key of ["t", "s", "rho", "sigmaMin"] as const) {
    assert.ok(new Set(check.rows.map((row) => row[key])).size >= 3, key);
  }
  // Correct standard errors: most rows within two of them, but not all within half of one.
  const z = check.rows.filter(({ stdErr }) => stdErr > 0).map((row) =>
    Math.abs(row.variance - row.theory) / row.stdErr
  );
  const within = (limit: number) => z.filter((value) => value < limit).length / z.length;
  assert.ok(within(2) > 0.85 && within(0.5) < 0.6, `${within(2)}, ${within(0.5)}`);

  const again = await checkFmVariance({ seed: 4, backend });
  assert.deepEqual(again, check);
  const other = await checkFmVariance({ seed: 5, backend });
  assert.notEqual(other.rows[0]!.variance, check.rows[0]!.variance);
});

backendTest("engineIntegrator() matches the theorem's flow map", [
  "cpu",
  "webgpu",
], async (backend) => {
  const { rows } = await carry(1, proved, { integrator: engineIntegrator(backend), points: 16 });
  assert.equal(rows.length, 40);
  // Solved in float32 at tolerance 1e-6; 2e-5 was observed.
  for (const { flowError } of rows) assert.ok(flowError < 1e-4, `${flowError}`);
  const wrong = { ...proved, rate: () => 0 };
  const still = await carry(1, wrong, { integrator: engineIntegrator(backend), points: 16 });
  assert.ok(Math.max(...still.rows.map((row) => row.flowError)) > 0.2);
});
