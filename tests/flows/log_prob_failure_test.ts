import assert from "node:assert/strict";
import { logProb } from "../../src/flows/log_prob.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import { accurateSolve, type FlowModel } from "../../src/flows/model.ts";
import { Parameters } from "../../src/core/parameters.ts";
import type { Backend } from "../../src/backends/backend.ts";
import { enginesInOrder } from "../../src/ode/engines/engines.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import { backendTest } from "../support/backends.ts";
import { wallNetwork, wallWeights } from "../support/crafted_flow.ts";

function wallModel(speed: number): FlowModel {
  const parameters = Parameters.fromFlat(wallNetwork.layout, wallWeights(speed));
  return {
    kind: "cnf",
    network: wallNetwork,
    parameters,
    path: linearPath(0),
    source: standardNormal,
    standardization: null,
  };
}

/** 20 points below the wall, except rows 9 and 17 above it. */
function points(): Float32Array {
  const rows = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
  rows[2 * 9 + 1] = 3.5;
  rows[2 * 17 + 1] = 4;
  return rows;
}

// The portable engine is slow when a step is rejected hundreds of times.
const cases = {
  portable: {
    enginesFor: (_: Backend) => enginesInOrder(portableEngine("host")),
    groups: [8],
    traces: ["exact"],
  },
  cpu: {
    enginesFor: (backend: Backend) => enginesOf(backend),
    groups: [8, "batch"],
    traces: ["exact", "hutchinson"],
  },
} as const;

for (const [name, { enginesFor, groups, traces }] of Object.entries(cases)) {
  backendTest(
    `logProb() on the ${name} engine re-solves the rows of a failed group one by one`,
    ["cpu"],
    async (backend) => {
      const model = wallModel(2e38), engines = enginesFor(backend);
      for (const kind of traces) {
        const trace = kind === "exact" ? { kind } : { kind, distribution: "rademacher" } as const;
        const found = async (controlGroup: number | "batch") =>
          await logProb(model, engines, points(), {
            settings: { ...accurateSolve, controlGroup },
            trace,
            seed: 4,
            onFailure: "continue",
          });
        const alone = await found(1);
        for (const group of groups) {
          const result = await found(group);
          assert.deepEqual(result.failures.map(({ row }) => row), [9, 17]);
          assert.match(result.failures[0]!.reason, /^its solve stopped at t = .*not finite/);
          assert.ok(Number.isNaN(result.logProb[9]) && Number.isNaN(result.logProb[17]));
          // Rows 8 to 19 belong to failed groups; the first group of 8 succeeds.
          assert.deepEqual(result.logProb.slice(8), alone.logProb.slice(8));
          result.logProb.forEach((value, row) => {
            if (row === 9 || row === 17) return;
            const [x, y] = points().subarray(2 * row);
            // Below the wall nothing moves: the prior's own density, in float32.
            const exact = -Math.log(2 * Math.PI) - (x! ** 2 + y! ** 2) / 2;
            assert.ok(Math.abs(value - exact) < 1e-5, `row ${row}: ${value} for ${exact}`);
          });
        }
      }
      model.parameters.dispose();
    },
  );
}

backendTest(
  "logProb() stops at a failed group unless it is told to continue",
  ["cpu"],
  async () => {
    const model = wallModel(2e38);
    await assert.rejects(() => logProb(model, enginesInOrder(portableEngine("host")), points()), {
      name: "FailureError",
      message: /samples 8 to 15, 16 to 19; the first at t = /,
    });
    model.parameters.dispose();
  },
);

backendTest("logProb() reports a row whose density float32 cannot hold", ["cpu"], async () => {
  const model = wallModel(1e25);
  const { logProb: values, failures } = await logProb(
    model,
    enginesInOrder(portableEngine("host")),
    points(),
    {
      onFailure: "continue",
    },
  );
  assert.deepEqual(failures.map(({ row }) => row), [9, 17]);
  assert.match(failures[0]!.reason, /too far from 0 for float32/);
  assert.deepEqual(
    values.map((value, row) => value === -Infinity ? row : -1).filter((r) => r >= 0),
    Float64Array.of(9, 17),
  );
  model.parameters.dispose();
});
