import assert from "node:assert/strict";
import { checkUpdates } from "../../../src/theory/ddpm/check.ts";
import { residualStudy } from "../../../src/theory/ddpm/residual.ts";
import { ddpm } from "../../../src/theory/ddpm/theorem.ts";
import { updates } from "../../../src/theory/ddpm/updates.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { mistakes } from "./_wrong_updates.ts";

const check = await ddpm.check({ seed: 0, backend: await openBackend("cpu") });

Deno.test("ddpm passes", () => {
  assert.deepEqual(check.claims.filter(({ pass }) => !pass), []);
  assert.equal(check.pass, true);
  assert.equal(check.claims.length, 11);
});

Deno.test("ddpm's JSON has the documented keys", () => {
  const read = JSON.parse(JSON.stringify(check));
  assert.deepEqual(read, check);
  assert.equal(read.name, "ddpm");
  assert.equal(read.rows.length, 11);
  assert.deepEqual(Object.keys(read.rows[0]!), ["steps", "residual"]);
  assert.ok(Math.abs(read.slope - 2) < 0.03 && read.slopeStdErr > 0);
});

Deno.test("ddpm is a function of its seed and passes for others", () => {
  const { rows, slope } = residualStudy(updates, 0), other = checkUpdates(updates, 7);
  assert.deepEqual({ rows, slope }, { rows: check.rows, slope: check.slope });
  assert.equal(other.pass, true);
  other.distances.forEach((row, i) => {
    const same = check.distances[i]!;
    assert.equal(row.ancestral, same.ancestral, "a law does not depend on the seed");
    assert.notEqual(row.ancestralSample, same.ancestralSample);
  });
});

Deno.test("ddpm fails as a whole where a step is wrong", () => {
  const wrong = mistakes["sqrt(1 - beta_t) lost its inverse"]!;
  assert.equal(checkUpdates({ ...updates, ancestral: wrong }, 0).pass, false);
});

Deno.test("ddpm's samplers improve with every doubling of N, and their points reach the sampling floor", () => {
  for (let i = 1; i < check.distances.length; i++) {
    for (const key of ["ancestral", "eulerMaruyama", "gap"] as const) {
      const ratio = check.distances[i - 1]![key] / check.distances[i]![key];
      assert.ok(ratio > 1.6 && ratio < 2.6, `${key}, N ${check.distances[i]!.steps}: ${ratio}`);
    }
  }
  const { ancestralSample, ancestral } = check.distances.at(-1)!;
  assert.ok(ancestralSample > 5 * ancestral, "drawn points cannot resolve a distance of 7e-4");
});

Deno.test("ddpm's histograms count every point, and the true bins are means of the density", () => {
  for (const steps of [10, 320]) {
    const rows = check.densities.filter((row) => row.steps === steps);
    for (const key of ["truth", "ancestral", "eulerMaruyama"] as const) {
      const mass = rows.reduce((sum, row) => sum + row[key] * 0.1, 0);
      assert.ok(Math.abs(mass - 1) < 2e-3, `${key}: ${mass}`);
    }
  }
});

Deno.test("ddpm draws a PNG of a check read back from JSON", async () => {
  const png = await ddpm.picture(JSON.parse(JSON.stringify(check)));
  assert.deepEqual([...png.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
});
