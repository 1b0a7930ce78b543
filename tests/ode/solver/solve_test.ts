import assert from "node:assert/strict";
import fc from "fast-check";
import type { StepControl } from "../../../src/ode/engines/engine.ts";
import type { Field } from "../../../src/ode/field.ts";
import { type HostRows, hostRows, hostSpace } from "../../../src/ode/engines/portable/host_rows.ts";
import { solveRows } from "../../../src/ode/solver/solve.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { rk4 } from "../../../src/ode/tableaus/rk4.ts";

/** y' = -rate (y - cos t), rate in the second column: a large one makes a stiff row. */
const relaxation: Field<HostRows> = {
  parts: [{ name: "y", width: 1 }, { name: "rate", width: 1 }],
  evaluate: (t, y) => {
    const data = new Float64Array(y.data.length);
    for (let row = 0; row < y.count; row++) {
      data[2 * row] = -y.data[2 * row + 1]! * (y.data[2 * row]! - Math.cos(t[row]!));
    }
    return hostRows(data, y.count, 2);
  },
};

/** y' = y^2 blows up at t = 1 / y(0). */
const square: Field<HostRows> = {
  parts: [{ name: "y", width: 1 }],
  evaluate: (_t, y) => hostRows(y.data.map((value) => value * value), y.count, 1),
};

const adaptive: StepControl = { kind: "adaptive", rtol: 1e-6, atol: 1e-6 };

function rowsOf(rates: readonly number[]): HostRows {
  return hostRows(Float64Array.from(rates.flatMap((rate) => [0.1 * rate, rate])), rates.length, 2);
}

function solve(given: {
  readonly y0: HostRows;
  readonly field?: Field<HostRows>;
  readonly control?: StepControl;
  readonly controlGroup?: number | "batch";
  readonly times?: readonly number[];
  readonly t1?: number;
  readonly maxSteps?: number;
}) {
  const { y0, field = relaxation, control = adaptive } = given;
  return solveRows({
    space: hostSpace,
    field,
    y0,
    t0: 0,
    t1: given.t1 ?? 1,
    tableau: control.kind === "fixed" ? rk4 : dopri5,
    control,
    controlGroup: given.controlGroup ?? 2,
    maxSteps: given.maxSteps ?? 10_000,
    times: given.times ?? [],
    onStep: null,
  });
}

Deno.test("solveRows() computes the same bits for a group whatever the other groups", async () => {
  const rate = fc.double({ min: 0, max: 200, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(rate, { minLength: 1, maxLength: 11 }), async (rates) => {
      const times = [0, 0.25, 0.7, 1];
      const together = await solve({ y0: rowsOf(rates), times });
      for (let first = 0; first < rates.length; first += 2) {
        const alone = await solve({ y0: rowsOf(rates.slice(first, first + 2)), times });
        const part = (rows: HostRows) => rows.data.slice(2 * first, 2 * (first + 2));
        assert.deepEqual(part(together.y1), alone.y1.data);
        alone.states.forEach((state, i) => assert.deepEqual(part(together.states[i]!), state.data));
        const { rows: _rows, ...report } = together.reports[first / 2]!;
        const { rows: _alone, ...expected } = alone.reports[0]!;
        assert.deepEqual(report, expected);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("solveRows() slows down only the stiff group", async () => {
  const { reports } = await solve({ y0: rowsOf([1, 1, 300, 1, 1]) });
  const steps = reports.map((report) => report.accepted);
  assert.deepEqual(reports.map((report) => report.rows), [[0, 2], [2, 4], [4, 5]]);
  assert.ok(steps[1]! > 4 * steps[0]!, `${steps}`);
  assert.equal(steps[2], steps[0]);
});

Deno.test("solveRows() with one group for the batch makes every row wait for the stiffest", async () => {
  const { reports } = await solve({ y0: rowsOf([1, 300]), controlGroup: "batch" });
  const alone = await solve({ y0: rowsOf([300]) });
  assert.equal(reports.length, 1);
  assert.ok(reports[0]!.accepted >= 0.9 * alone.reports[0]!.accepted);
});

Deno.test("solveRows() reports a failed group and finishes the others", async () => {
  const y0 = hostRows(Float64Array.of(0.1, 0.2, 2, 0.1, 0.3), 5, 1);
  const { y1, states, reports } = await solve({ y0, field: square, times: [0.25, 1] });
  assert.deepEqual(reports.map((report) => report.failure === null), [true, false, true]);
  const failure = reports[1]!.failure!;
  assert.ok(failure.kind !== "maxStepsReached" && Math.abs(failure.t - 0.5) < 1e-4, `${failure.t}`);
  // 1 / (1 / y0 - t)
  const expected = [1 / 9, 1 / 4, NaN, NaN, 1 / (1 / 0.3 - 1)];
  expected.forEach((value, row) => {
    if (Number.isNaN(value)) assert.ok(Number.isNaN(y1.data[row]));
    else assert.ok(Math.abs(y1.data[row]! - value) < 1e-5);
  });
  // All rows of a failed group are NaN.
  for (const state of states) {
    assert.deepEqual([...state.data].map(Number.isNaN), [false, false, true, true, false]);
  }
});

Deno.test("solveRows() counts attempts towards the step budget of each group", async () => {
  const { reports } = await solve({ y0: rowsOf([1, 1, 300]), maxSteps: 20 });
  assert.equal(reports[0]!.failure, null);
  assert.equal(reports[1]!.failure!.kind, "maxStepsReached");
  assert.equal(reports[1]!.accepted + reports[1]!.rejected, 20);
});

Deno.test("solveRows() with fixed steps names the step after which a group was not finite", async () => {
  const field: Field<HostRows> = {
    parts: null,
    evaluate: (t, y) => hostRows(y.data.map((v, i) => v > 1 && t[i]! > 0.45 ? NaN : 0), y.count, 1),
  };
  const y0 = hostRows(Float64Array.of(0, 2), 2, 1);
  const control = { kind: "fixed", steps: 10 } as const;
  const { reports, y1 } = await solve({ y0, field, control, controlGroup: 1 });
  assert.equal(reports[0]!.failure, null);
  assert.equal(reports[1]!.failure!.kind, "nonFinite");
  assert.ok(Math.abs(reports[1]!.failure!.t - 0.4) < 1e-12);
  assert.deepEqual([...y1.data], [0, NaN]);
  assert.equal(reports[0]!.nfe, 40);
});

Deno.test("solveRows() asks for the field at finite times, also where it is not finite", async () => {
  // As a network does whose weights are too large; the time embedding refuses NaN.
  const field: Field<HostRows> = {
    parts: null,
    evaluate: (t, y) => {
      assert.ok(t.every(Number.isFinite), `${t}`);
      return hostRows(y.data.map((v) => v > 1 ? NaN : v), y.count, 1);
    },
  };
  const y0 = hostRows(Float64Array.of(0.1, 2), 2, 1);
  const { reports, y1 } = await solve({ y0, field, control: adaptive, controlGroup: 1 });
  assert.deepEqual(reports.map(({ failure }) => failure?.kind), [undefined, "nonFinite"]);
  assert.ok(Math.abs(y1.data[0]! - 0.1 * Math.E) < 1e-4);
});

Deno.test("solveRows() ends at t1 exactly, forwards and backwards", async () => {
  for (
    const [t1, control] of [[1 / 3, adaptive], [-0.7, adaptive], [0.1, {
      kind: "fixed",
      steps: 3,
    }]] as const
  ) {
    const seen: number[] = [];
    await solveRows({
      space: hostSpace,
      field: relaxation,
      y0: rowsOf([3]),
      t0: 0,
      t1,
      tableau: dopri5,
      control,
      controlGroup: 1,
      maxSteps: 1000,
      times: [],
      onStep: (step) => seen.push(step.t[0]! + step.h[0]!),
    });
    // The recorded step ends at t1 up to rounding; the group's time is exactly t1.
    assert.ok(Math.abs(seen.at(-1)! - t1) <= 1e-16);
  }
});

Deno.test("solveRows() over an empty interval returns the start", async () => {
  const y0 = rowsOf([3, 4, 5]);
  const { y1, states } = await solve({ y0, t1: 0, times: [0] });
  assert.deepEqual(y1.data, y0.data);
  assert.deepEqual(states[0]!.data, y0.data);
});

Deno.test("solveRows() refuses invalid control groups", async () => {
  for (const controlGroup of [0, -1, 1.5]) {
    await assert.rejects(solve({ y0: rowsOf([1]), controlGroup }), RangeError);
  }
});
