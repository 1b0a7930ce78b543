import assert from "node:assert/strict";
import { type DeviceLimits, unlimited } from "../../../../src/backends/gpu/limits.ts";
import { solvePlan } from "../../../../src/ode/engines/gpu/plan.ts";
import { solveVariables, threadsOf } from "../../../../src/ode/engines/gpu/solve_wgsl.ts";
import { ALL_TILES, CANDIDATE_TILES } from "../../../../src/ode/engines/gpu/tiles/thread_tile.ts";
import { dopri5Solve } from "../mlp_problem.ts";

Deno.test("solvePlan() keeps within 32 KiB of workgroup memory up to width 128, on any device", () => {
  const limits: DeviceLimits = { ...unlimited, maxStorageBufferBindingSize: 2 ** 27 };
  const exact = { kind: "exact" } as const;
  const probes = { distribution: "gaussian", key: { seed: 0, stream: 1 }, firstRow: 0 } as const;
  const traces = [exact, null, { kind: "hutchinson", probes } as const];
  for (const tile of CANDIDATE_TILES) {
    for (const hidden of [2, 64, 128]) {
      for (const [dims, trace] of [1, 2, 3, 8].flatMap((d) => traces.map((t) => [d, t] as const))) {
        const y0 = { shape: [1000, dims + (trace === null ? 0 : 1)] } as const;
        const task = { field: { kind: "mlp", dims, hidden, trace }, y0, ...dopri5Solve } as const;
        const { shape, cap } = solvePlan({ ...task, keep: { kind: "records" } }, limits, { tile });
        const { bytes } = solveVariables(shape);
        assert.ok(bytes <= 2 ** 15, `width ${hidden}, ${dims} dimensions: ${bytes} bytes`);
        assert.ok(threadsOf(shape) <= 256 && cap >= 1);
      }
    }
  }
});

Deno.test("solvePlan() ends chunks of records at the same steps for every tile", () => {
  const exact = { kind: "exact" } as const;
  const caps = new Set<number>();
  for (const [dims, hidden] of [[2, 64], [3, 256], [8, 128], [16, 256], [43, 64]] as const) {
    const y0 = { shape: [8192, dims + 1] } as const;
    const field = { kind: "mlp", dims, hidden, trace: exact } as const;
    const task = { field, y0, ...dopri5Solve, keep: { kind: "records" } } as const;
    const [cap, ...others] = ALL_TILES.map((tile) => solvePlan(task, unlimited, { tile }).cap);
    assert.deepEqual(others, others.map(() => cap), `width ${hidden}, ${dims} dimensions`);
    caps.add(cap!);
  }
  // Not all at the bound that has nothing to do with tiles.
  assert.ok(caps.size > 1);
});
