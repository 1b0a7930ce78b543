import assert from "node:assert/strict";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { gradientOf, solveSettingsOf, traceOf } from "../../../src/train/config/solve_settings.ts";

const cnf = (options: TrainOptions) => resolveConfig("cnf", null, options);

Deno.test("solveSettingsOf() has the config's solver and tolerances", () => {
  const adaptive = solveSettingsOf(cnf({ rtol: 1e-3, atol: 1e-4, controlGroup: "batch" }));
  assert.equal(adaptive.tableau.name, "dopri5");
  assert.deepEqual(adaptive.control, { kind: "adaptive", rtol: 1e-3, atol: 1e-4 });
  assert.equal(adaptive.controlGroup, "batch");
  const fixed = solveSettingsOf(cnf({ solver: "rk4", solverSteps: 7 }));
  assert.equal(fixed.tableau.name, "rk4");
  assert.deepEqual(fixed.control, { kind: "fixed", steps: 7 });
});

Deno.test("traceOf() is exact unless the config asks for probes", () => {
  assert.deepEqual(traceOf(cnf({ trace: "exact" })), { kind: "exact" });
  for (const probes of ["gaussian", "rademacher"] as const) {
    const trace = traceOf(cnf({ trace: "hutchinson", probes }));
    assert.deepEqual(trace, { kind: "hutchinson", distribution: probes });
  }
});

Deno.test("gradientOf() solves the adjoint to the tolerances of the solve", () => {
  assert.deepEqual(gradientOf(cnf({})), { kind: "direct" });
  const adjoint = cnf({ gradient: "adjoint", rtol: 1e-3, atol: 1e-4 });
  assert.deepEqual(gradientOf(adjoint), { kind: "adjoint", rtol: 1e-3, atol: 1e-4 });
});
