import assert from "node:assert/strict";
import { mlpFloat64 } from "../../../src/ops/mlp_field/float64.ts";
import type { StepControl } from "../../../src/ode/engines/engine.ts";
import type { DifferentiableField } from "../../../src/ode/field.ts";
import { type HostRows, hostRows, hostSpace } from "../../../src/ode/engines/portable/host_rows.ts";
import { Float64Sum, mlpFloat64Field } from "../../../src/ode/mlp_float64_field.ts";
import { replay } from "../../../src/ode/solver/replay.ts";
import { slopeTerms } from "../../../src/ode/solver/rows.ts";
import type { StepRecord } from "../../../src/ode/solver/rows_problem.ts";
import { solveRows, stageTimes } from "../../../src/ode/solver/solve.ts";
import type { Tableau } from "../../../src/ode/tableau.ts";
import { tableaus } from "../../../src/ode/tableaus.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { randomNumbers, randomWeights } from "../engines/mlp_problem.ts";

const shape = { dims: 2, hidden: 4 };
const ROWS = 5;
// Twice PyTorch's bounds: a field that bends enough for groups to choose different steps.
const weights = Float64Array.from(randomWeights(shape, 2));
const start = hostRows(randomNumbers(ROWS * 3, 1), ROWS, 3);
/** The loss is the inner product of y1 with this. */
const cotangent = hostRows(randomNumbers(ROWS * 3, 2), ROWS, 3);

const fieldOf = (parameters: Float64Array) =>
  mlpFloat64Field(mlpFloat64(shape, parameters), { trace: "exact" });

async function solveAndReplay(
  field: DifferentiableField<HostRows, Float64Array>,
  tableau: Tableau,
  control: StepControl,
) {
  const steps: StepRecord<HostRows>[] = [];
  const { y1, reports } = await solveRows({
    space: hostSpace,
    field,
    y0: start,
    t0: 1,
    t1: 0,
    tableau,
    control,
    controlGroup: 2,
    maxSteps: 1000,
    times: [],
    onStep: (step) => steps.push(step),
  });
  const gradient = new Float64Sum(weights.length);
  const result = replay({ space: hostSpace, field, tableau, steps, cotangent, gradient });
  return { y1, reports, steps, gradient: gradient.total, ...result };
}

/** The loss when the recorded steps are taken again from another start with other weights. */
function lossOverSteps(
  parameters: Float64Array,
  y0: HostRows,
  tableau: Tableau,
  steps: readonly StepRecord<HostRows>[],
): number {
  const field = fieldOf(parameters);
  const y = y0.data.slice();
  for (const { rowIds, t, h } of steps) {
    const from = hostSpace.take(hostRows(y, ROWS, 3), rowIds);
    const slopes: HostRows[] = [];
    tableau.c.forEach((c, stage) => {
      const terms = slopeTerms(tableau.a[stage]!, slopes);
      const input = terms.length === 0 ? from : hostSpace.combine(from, h, terms);
      slopes.push(field.evaluate(stageTimes(t, h, c), input, rowIds));
    });
    const to = hostSpace.combine(from, h, slopeTerms(tableau.b, slopes));
    rowIds.forEach((id, row) => y.set(to.data.subarray(3 * row, 3 * row + 3), 3 * id));
  }
  return y.reduce((sum, value, i) => sum + value * cotangent.data[i]!, 0);
}

/** Central differences of `loss` at `at` along the entries of `picks`. */
function centralDifferences(
  loss: (point: Float64Array) => number,
  at: Float64Array,
  picks: readonly number[],
): number[] {
  const step = 1e-5; // truncation 1e-10, rounding 1e-11
  return picks.map((i) => {
    const moved = (by: number) => {
      const point = at.slice();
      point[i]! += by;
      return loss(point);
    };
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

const controls: [Tableau, StepControl][] = [
  ...Object.values(tableaus).map((tableau): [Tableau, StepControl] => [
    tableau,
    { kind: "fixed", steps: 3 },
  ]),
  [dopri5, { kind: "adaptive", rtol: 1e-4, atol: 1e-4 }],
];

for (const [tableau, control] of controls) {
  Deno.test(`replay() is the gradient of the steps that were taken (${tableau.name}, ${control.kind})`, async () => {
    const { gradient, y0, steps, y1 } = await solveAndReplay(fieldOf(weights), tableau, control);
    // Taking the recorded steps again gives the solution: the records say what was computed.
    const loss = y1.data.reduce((sum, value, i) => sum + value * cotangent.data[i]!, 0);
    assert.ok(Math.abs(lossOverSteps(weights, start, tableau, steps) - loss) < 1e-12);

    const picks = Array.from({ length: weights.length }, (_, i) => i).filter((i) => i % 3 === 0);
    const ofWeights = centralDifferences(
      (point) => lossOverSteps(point, start, tableau, steps),
      weights,
      picks,
    );
    const ofStart = centralDifferences(
      (point) => lossOverSteps(weights, hostRows(point, ROWS, 3), tableau, steps),
      start.data,
      Array.from(start.data.keys()),
    );
    const largest = Math.max(...gradient.map(Math.abs));
    picks.forEach((at, i) => assert.ok(Math.abs(gradient[at]! - ofWeights[i]!) < 1e-7 * largest));
    ofStart.forEach((value, i) => assert.ok(Math.abs(y0.data[i]! - value) < 1e-7));
  });
}

Deno.test("replay() pulls back every stage once, and an FSAL stage with the next step", async () => {
  const plain = fieldOf(weights);
  let linearized = 0;
  const pulled = new Set<string>();
  const counting: typeof plain = {
    ...plain,
    linearize(point) {
      linearized += point.y.count;
      const near = plain.linearize(point);
      const label = linearized;
      return {
        ...near,
        pullBack(first, rows) {
          for (let row = first; row < first + rows.count; row++) {
            assert.ok(!pulled.has(`${label}:${row}`), "a row was pulled back twice");
            pulled.add(`${label}:${row}`);
          }
          return near.pullBack(first, rows);
        },
      };
    },
  };
  const control = { kind: "adaptive", rtol: 1e-5, atol: 1e-5 } as const;
  const { reports, pulledRows } = await solveAndReplay(counting, dopri5, control);
  const accepted = reports.reduce(
    (sum, { accepted, rows: [first, end] }) => sum + accepted * (end - first),
    0,
  );
  assert.equal(pulledRows, 6 * accepted);
  assert.equal(linearized, pulledRows);
  assert.equal(pulled.size, pulledRows);
});

Deno.test("replay() returns the same gradient however its linearizations are split", async () => {
  const control = { kind: "adaptive", rtol: 1e-4, atol: 1e-4 } as const;
  const whole = await solveAndReplay(fieldOf(weights), dopri5, control);
  for (const linearizationRows of [1, 13, 40]) {
    const cut = await solveAndReplay({ ...fieldOf(weights), linearizationRows }, dopri5, control);
    assert.deepEqual(cut.y0.data, whole.y0.data);
    assert.equal(cut.pulledRows, whole.pulledRows);
    const largest = Math.max(...whole.gradient.map(Math.abs));
    // The sum over rows and stages is taken in another order.
    cut.gradient.forEach((value, i) =>
      assert.ok(Math.abs(value - whole.gradient[i]!) < 1e-13 * largest)
    );
  }
});
