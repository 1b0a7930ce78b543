import assert from "node:assert/strict";
import { mlpFloat64 } from "../../../src/ops/mlp_field/float64.ts";
import { solveAdjoint } from "../../../src/ode/solver/adjoint.ts";
import type { StepControl } from "../../../src/ode/engines/engine.ts";
import { type HostRows, hostRows, hostSpace } from "../../../src/ode/engines/portable/host_rows.ts";
import { Float64Sum, mlpFloat64Field } from "../../../src/ode/mlp_float64_field.ts";
import { replay } from "../../../src/ode/solver/replay.ts";
import type { StepRecord } from "../../../src/ode/solver/rows_problem.ts";
import { solveRows } from "../../../src/ode/solver/solve.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { FailureError } from "../../../src/core/errors.ts";
import { distance } from "../problems.ts";
import { randomNumbers, randomWeights } from "../engines/mlp_problem.ts";

const shape = { dims: 2, hidden: 8 };
const ROWS = 5;
const net = mlpFloat64(shape, Float64Array.from(randomWeights(shape, 2)));
const field = mlpFloat64Field(net, { trace: "exact" });
const start = hostRows(randomNumbers(ROWS * 3, 1), ROWS, 3);
const cotangent = hostRows(randomNumbers(ROWS * 3, 2), ROWS, 3);

async function gradients(forward: StepControl, backward: StepControl) {
  const problem = {
    space: hostSpace,
    field,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    controlGroup: 2,
    maxSteps: 10_000,
  };
  const steps: StepRecord<HostRows>[] = [];
  const { y1 } = await solveRows({
    ...problem,
    control: forward,
    y0: start,
    times: [],
    onStep: (step) => steps.push(step),
  });
  const direct = new Float64Sum(net.parameters.length);
  const replayed = replay({ ...problem, steps, cotangent, gradient: direct });
  const continuous = new Float64Sum(net.parameters.length);
  const adjoint = await solveAdjoint({
    ...problem,
    control: backward,
    y1,
    cotangent,
    gradient: continuous,
  });
  return { replayed, adjoint, direct: direct.total, continuous: continuous.total };
}

const adaptive = (tolerance: number) =>
  ({ kind: "adaptive", rtol: tolerance, atol: tolerance }) as const;

Deno.test("solveAdjoint() and replay() tend to one gradient as the tolerances tighten", async () => {
  const relative = async (tolerance: number) => {
    const { direct, continuous } = await gradients(adaptive(tolerance), adaptive(tolerance));
    return distance(continuous, direct) / Math.max(...direct.map(Math.abs));
  };
  const loose = await relative(1e-4), tight = await relative(1e-10);
  assert.ok(tight < 1e-8, `${tight}`);
  assert.ok(tight < loose / 100, `${loose}, ${tight}`);
  const { replayed, adjoint } = await gradients(adaptive(1e-10), adaptive(1e-10));
  assert.ok(distance(adjoint.y0.data, replayed.y0.data) < 1e-8);
});

Deno.test("solveAdjoint() has tolerances of its own, and works with fixed steps", async () => {
  const few = await gradients(adaptive(1e-10), adaptive(1e-3));
  const many = await gradients(adaptive(1e-10), adaptive(1e-9));
  assert.ok(few.adjoint.reports[0]!.accepted < many.adjoint.reports[0]!.accepted);
  const fixed = await gradients({ kind: "fixed", steps: 40 }, { kind: "fixed", steps: 40 });
  const largest = Math.max(...fixed.direct.map(Math.abs));
  // Both have the method's order five: (1/40)^5 = 1e-8.
  assert.ok(distance(fixed.continuous, fixed.direct) < 1e-7 * largest);
});

Deno.test("solveAdjoint() names the adjoint when the adjoint solve fails", async () => {
  const solve = solveAdjoint({
    space: hostSpace,
    field,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: adaptive(1e-12),
    controlGroup: 2,
    maxSteps: 2,
    y1: start,
    cotangent,
    gradient: new Float64Sum(net.parameters.length),
  });
  await assert.rejects(solve, (error) => {
    assert.ok(error instanceof FailureError);
    assert.match(
      error.message,
      /^adjoint: .*samples 0 to 1, 2 to 3, 4; the first at t = .*budget of 2/,
    );
    return true;
  });
});
