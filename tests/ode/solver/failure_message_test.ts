import assert from "node:assert/strict";
import type { SolveFailure, SolveReport } from "../../../src/ode/engines/engine.ts";
import { describeFailure, describeFailures } from "../../../src/ode/solver/failure_message.ts";

const settings = {
  control: { kind: "adaptive", rtol: 1e-5, atol: 1e-6 },
  maxSteps: 500,
  maxStepsOption: "maxSteps",
} as const;

function report(first: number, failure: SolveFailure | null): SolveReport {
  return { nfe: 100, accepted: 9, rejected: 7, rows: [first, first + 8], failure };
}

Deno.test("describeFailure() names t, step size, rejections and a remedy", () => {
  const cases: [SolveFailure, RegExp][] = [
    [
      { kind: "stepSizeUnderflow", t: 0.4123456789, h: 1.2345e-17 },
      /^at t = 0\.412346 with step size 1\.23e-17 after 7 rejected steps: .*try `rtol` and `atol` above 0\.00001 and 0\.000001/,
    ],
    [{ kind: "nonFinite", t: 0, h: -1e-6 }, /step size -0\.000001.*not finite.*NaN/],
    [{ kind: "maxStepsReached", t: 0.5, h: 0.1 }, /budget of 500 steps.*`maxSteps` above 500/],
  ];
  for (const [failure, message] of cases) {
    assert.match(describeFailure(report(0, failure), settings), message);
  }
  const fixed = { control: { kind: "fixed", steps: 16 }, maxSteps: 500 } as const;
  const failure = { kind: "nonFinite", t: 0.5, h: 1 / 16 } as const;
  assert.match(describeFailure(report(0, failure), fixed), /more steps than 16/);
  const spent = { kind: "maxStepsReached", t: 0.5, h: 0.1 } as const;
  const { maxStepsOption: _, ...unnamed } = settings;
  assert.match(
    describeFailure(report(0, spent), unnamed),
    /spent; try `rtol` and `atol` above [^,]*$/,
  );
  assert.match(describeFailure(report(0, spent), { ...fixed }), /spent; try at most 500 steps$/);
  assert.throws(() => describeFailure(report(0, null), settings), RangeError);
});

Deno.test("describeFailures() names the samples by the user's numbering, on one line", () => {
  const failure = { kind: "nonFinite", t: 0.5, h: 0.1 } as const;
  const one = describeFailures([report(0, null), report(8, failure)], { settings, firstRow: 1000 });
  assert.match(one, /^the solve stopped for samples 1008 to 1015 at t = 0\.5/);
  const reports = Array.from({ length: 6 }, (_, i) => report(8 * i, failure));
  const many = describeFailures(reports, { settings, firstRow: 0 });
  assert.match(
    many,
    /samples 0 to 7, 8 to 15, 16 to 23 and those of 3 more groups; the first at t/,
  );
  assert.match(describeFailures(reports.slice(2), { settings, firstRow: 0 }), /1 more group;/);
  assert.ok(!many.includes("\n"));
  assert.throws(() => describeFailures([report(0, null)], { settings, firstRow: 0 }), RangeError);
});
