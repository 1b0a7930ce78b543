import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mlpFloat64 } from "../../src/ops/mlp_field/float64.ts";
import type { StepControl } from "../../src/ode/engines/engine.ts";
import { hostRows, hostSpace } from "../../src/ode/engines/portable/host_rows.ts";
import { mlpFloat64Field } from "../../src/ode/mlp_float64_field.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import { simdEngine } from "../../src/ode/engines/cpu/simd_engine.ts";
import { solveRows } from "../../src/ode/solver/solve.ts";
import type { Tableau } from "../../src/ode/tableau.ts";
import { tableaus } from "../../src/ode/tableaus.ts";
import { backendTest } from "../support/backends.ts";
import { fixtureParameters, flatFixture } from "./fixture_mlp.ts";
import { type FixtureArray, type FixtureTensors, readFixture, relativeError } from "./fixtures.ts";

interface Recorded {
  readonly z: FixtureArray;
  readonly delta_logp: FixtureArray;
  readonly nfe: number;
  readonly rtol?: number;
  readonly atol?: number;
  readonly step_size?: number;
}

interface Fixture {
  readonly state_dict: FixtureTensors;
  readonly x: FixtureArray;
  readonly solvers: Readonly<Record<string, Recorded>>;
  readonly truth_z: FixtureArray;
  readonly truth_delta_logp: FixtureArray;
}

const fixture = readFixture<Fixture>("cnf_odeint");
const [n, dims] = fixture.x.shape as [number, number];
const hidden = fixture.state_dict["x_proj.weight"]!.shape[0]!;
const width = dims + 1;

/** Rows (z, logp). */
function rowsOf(z: FixtureArray, logp: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: n * width }, (_, i) => {
    const row = Math.floor(i / width), column = i % width;
    return column < dims ? z.data[row * dims + column]! : logp[row]!;
  });
}

const start = rowsOf(fixture.x, new Float64Array(n));
const truth = rowsOf(fixture.truth_z, fixture.truth_delta_logp.data);

function largestError(actual: ArrayLike<number>): number {
  return truth.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
}

interface Case {
  readonly name: string;
  readonly tableau: Tableau;
  readonly control: StepControl;
  readonly recorded: Recorded;
}

/** The recorded solvers that Fluxion has. */
const cases: readonly Case[] = Object.entries(fixture.solvers).flatMap(([name, recorded]) => {
  const tableau = tableaus[name.split("@")[0]!];
  if (tableau === undefined) return [];
  const { rtol, atol, step_size: stepSize } = recorded;
  const control: StepControl = stepSize === undefined
    ? { kind: "adaptive", rtol: rtol!, atol: atol! }
    : { kind: "fixed", steps: Math.round(1 / stepSize) };
  return [{ name, tableau, control, recorded }];
});

/** @param tolerance Relative, of fixed-step results; @param slack absolute, of adaptive errors. */
function meets(
  { control, recorded }: Case,
  solved: { readonly y: ArrayLike<number>; readonly nfe: number },
  { tolerance, slack }: { readonly tolerance: number; readonly slack: number },
) {
  const theirs = rowsOf(recorded.z, recorded.delta_logp.data);
  if (control.kind === "fixed") {
    const error = relativeError(solved.y, theirs);
    assert.ok(error < tolerance, `relative error ${error}`);
    assert.equal(solved.nfe, recorded.nfe);
    return;
  }
  // Ours ends at t1 exactly, torchdiffeq steps over it and interpolates: errors may differ, not by much.
  const error = largestError(solved.y), allowed = 2 * largestError(theirs) + slack;
  assert.ok(error <= allowed, `error ${error}, allowed ${allowed}`);
  assert.ok(Math.abs(solved.nfe / recorded.nfe - 1) <= 0.1, `${solved.nfe}, ${recorded.nfe}`);
}

Deno.test("the fixture has the solvers that Fluxion has", () => {
  const adaptive = ["bosh3@0.001", "bosh3@1e-06", "dopri5@0.001", "dopri5@1e-06"];
  const names = ["euler", "midpoint", "rk4", ...adaptive];
  assert.deepEqual(cases.map(({ name }) => name), names);
});

const engines = {
  "the SIMD engine": simdEngine(),
  "host rows": portableEngine("host"),
  "tensors": portableEngine("tensors"),
} as const;

for (const one of cases) {
  const { name, tableau, control } = one;
  Deno.test(`${name} in float64 meets torchdiffeq`, async () => {
    const net = mlpFloat64({ dims, hidden }, flatFixture(fixture.state_dict, dims, hidden));
    const { y1, reports } = await solveRows({
      space: hostSpace,
      field: mlpFloat64Field(net, { trace: "exact" }),
      y0: hostRows(start, n, width),
      t0: 0,
      t1: 1,
      tableau,
      control,
      controlGroup: "batch",
      maxSteps: 1000,
      times: [],
      onStep: null,
    });
    // Weights and results have ten digits each: 1e-9 is what the file can tell.
    meets(one, { y: y1.data, nfe: reports[0]!.nfe }, { tolerance: 2e-9, slack: 0 });
  });

  for (const [where, engine] of Object.entries(engines)) {
    backendTest(
      `${name} on ${where} meets torchdiffeq`,
      where === "tensors" ? ["cpu", "webgpu"] : ["cpu"],
      async () => {
        const parameters = fixtureParameters(fixture.state_dict, dims, hidden);
        const y0 = tf.tensor2d(Float32Array.from(start), [n, width]);
        const solution = await engine.solve({
          field: { kind: "mlp", dims, hidden, parameters, trace: { kind: "exact" } },
          y0,
          t0: 0,
          t1: 1,
          tableau,
          control,
          controlGroup: "batch",
          maxSteps: 1000,
          keep: { kind: "end" },
        });
        const [report] = await engine.report(solution)();
        const solved = { y: await solution.y1.data(), nfe: report!.nfe };
        solution.dispose();
        y0.dispose();
        parameters.dispose();
        meets(one, solved, { tolerance: 1e-4, slack: 2e-6 }); // the issue's
      },
    );
  }
}
