import assert from "node:assert/strict";
import fc from "fast-check";
import {
  integralController,
  piController,
  type StepController,
} from "../../../src/ode/controllers.ts";
import { odeint } from "../../../src/ode/odeint/odeint.ts";
import { tableaus } from "../../../src/ode/tableaus.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { euler } from "../../../src/ode/tableaus/euler.ts";
import { rk4 } from "../../../src/ode/tableaus/rk4.ts";
import { FailureError } from "../../../src/core/errors.ts";
import { decay, distance, logistic, modulated, oscillator, problems } from "../problems.ts";

const adaptive = (tolerance: number) =>
  ({ kind: "adaptive", rtol: tolerance, atol: tolerance }) as const;

// Halving the step of an order-p method divides its global error by 2^p.
for (const tableau of Object.values(tableaus)) {
  for (const problem of [oscillator, modulated]) {
    Deno.test(`odeint() with ${tableau.name} has its order (${problem.name})`, async () => {
      const error = async (steps: number, end: number) => {
        const control = { kind: "fixed", steps } as const;
        const { y } = await odeint(problem.f, problem.exact(0), [0, end], { tableau, control });
        return distance(y, problem.exact(end));
      };
      // Backwards the modulated problem's leading term nearly vanishes: the oscillator stands for both.
      for (const end of problem === oscillator ? [2, -2] : [1]) {
        // Fine enough for the leading term to rule, coarse enough for rounding not to.
        const steps = tableau.order > 2 ? 32 : 128;
        const order = Math.log2((await error(steps, end)) / (await error(2 * steps, end)));
        assert.ok(Math.abs(order - tableau.order) < 0.2, `to t = ${end}: observed ${order}`);
      }
    });
  }
}

for (const problem of problems) {
  Deno.test(`odeint() meets its tolerance forwards and backwards (${problem.name})`, async () => {
    for (const tolerance of [1e-4, 1e-7, 1e-10]) {
      for (const [start, end] of [[0, 2], [2, 0], [-1, 1]] as const) {
        const { y, report } = await odeint(problem.f, problem.exact(start), [start, end], {
          tableau: dopri5,
          control: adaptive(tolerance),
        });
        // The tolerance bounds each step's error; over a few steps of tame problems it grows tenfold at most.
        const error = distance(y, problem.exact(end));
        assert.ok(error < 10 * tolerance, `${start} to ${end} at ${tolerance}: ${error}`);
        // Two evaluations to choose the first step, then six per attempt: the seventh is the first of the next step.
        assert.equal(report.nfe, 2 + 6 * (report.accepted + report.rejected));
      }
    }
  });
}

Deno.test("odeint() follows the step controller that it is given", async () => {
  const solve = (controller: StepController) =>
    odeint(logistic.f, logistic.exact(0), [0, 8], {
      control: { ...adaptive(1e-7), controller },
    });
  const plain = await odeint(logistic.f, logistic.exact(0), [0, 8], { control: adaptive(1e-7) });
  assert.deepEqual((await solve(integralController)).report, plain.report);
  const { y, report } = await solve(piController);
  assert.notDeepEqual(report, plain.report);
  assert.ok(distance(y, logistic.exact(8)) < 1e-6);
  await assert.rejects(solve({ ...piController, safety: 2 }), {
    name: "RangeError",
    message: /controller PI: .*safety.*2/,
  });
});

Deno.test("odeint() takes fewer steps for a looser tolerance", async () => {
  const steps = async (tolerance: number) => {
    const options = { tableau: dopri5, control: adaptive(tolerance) };
    return (await odeint(oscillator.f, oscillator.exact(0), [0, 10], options)).report.accepted;
  };
  assert.ok(await steps(1e-3) < await steps(1e-6));
  assert.ok(await steps(1e-6) < await steps(1e-9));
});

Deno.test("odeint() returns states between steps without changing the final state", async () => {
  const times = Array.from({ length: 41 }, (_, i) => i / 10);
  for (const tableau of [dopri5, rk4, euler]) {
    const control = tableau === dopri5 ? adaptive(1e-6) : { kind: "fixed", steps: 160 } as const;
    const y0 = oscillator.exact(0);
    const plain = await odeint(oscillator.f, y0, [0, 4], { tableau, control });
    const dense = await odeint(oscillator.f, y0, times, { tableau, control });
    assert.deepEqual(dense.y, plain.y);
    assert.deepEqual(dense.states.at(-1), plain.y);
    assert.deepEqual(dense.states[0], y0);
    assert.equal(dense.report.accepted, plain.report.accepted);
    const atEnd = distance(plain.y, oscillator.exact(4));
    const between = Math.max(
      ...dense.states.map((state, i) => distance(state, oscillator.exact(times[i]!))),
    );
    // The interpolant must not be much worse than the solution it interpolates.
    assert.ok(between < 5 * atEnd + 1e-6, `${tableau.name}: ${between}, at the end ${atEnd}`);
  }
});

Deno.test("odeint() interpolates with an error of order five per step under dopri5", async () => {
  // A value of order four inside the step has an error of order five in the step size.
  const error = async (h: number) => {
    const control = { kind: "fixed", steps: 1 } as const;
    const options = { tableau: dopri5, control };
    const { states } = await odeint(modulated.f, modulated.exact(0), [0, 0.4 * h, h], options);
    return distance(states[1]!, modulated.exact(0.4 * h));
  };
  const order = Math.log2((await error(0.2)) / (await error(0.1)));
  assert.ok(order > 4.8, `observed ${order}`);
});

Deno.test("odeint() forwards and backwards returns to the start", async () => {
  const angle = fc.double({ min: -3, max: 3, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      angle,
      angle,
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      async (a, b, t) => {
        const pendulum = (time: number, y: Float64Array) =>
          Float64Array.of(y[1]!, -Math.sin(y[0]!) + 0.1 * Math.cos(time));
        const options = { tableau: dopri5, control: adaptive(1e-9) };
        const there = await odeint(pendulum, [a, b], [0, t], options);
        const back = await odeint(pendulum, there.y, [t, 0], options);
        // Errors grow at most like exp(t * Lipschitz constant), e^3 = 20, both ways.
        assert.ok(distance(back.y, [a, b]) < 1e-6);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("odeint() reports a blow-up: where, how small the step, what to try", async () => {
  const square = (_t: number, y: Float64Array) => y.map((value) => value * value);
  const solve = odeint(square, [1], [0, 2], { tableau: dopri5, control: adaptive(1e-6) });
  await assert.rejects(solve, (error) => {
    assert.ok(error instanceof FailureError);
    // The solution is 1 / (1 - t).
    const t = Number(/at t = ([\d.]+)/.exec(error.message)![1]);
    assert.ok(Math.abs(t - 1) < 1e-3, error.message);
    assert.match(error.message, /step size .+ rejected steps.+try/);
    return true;
  });
});

Deno.test("odeint() fails on a field that is NaN from some t on, at that t", async () => {
  const broken = (t: number) => Float64Array.of(t > 0.5 ? NaN : 1);
  for (const control of [adaptive(1e-6), { kind: "fixed", steps: 10 } as const]) {
    const solve = odeint(broken, [0], [0, 1], { tableau: dopri5, control });
    await assert.rejects(solve, { name: "FailureError", message: /at t = 0\.[45].*not finite/ });
  }
});

Deno.test("odeint() rejects a step with a NaN stage", async () => {
  // Not a number beyond y = 1, which the solution never reaches but long steps do.
  const edge = (_t: number, y: Float64Array) =>
    y.map((value) => value > 1 ? NaN : 20 * (1 - value));
  const { y, report } = await odeint(edge, [0], [0, 1], {
    tableau: dopri5,
    control: adaptive(1e-3),
  });
  assert.ok(Math.abs(y[0]! - 1) < 1e-3);
  assert.ok(report.rejected > 0);
});

Deno.test("odeint() never returns an infinite state", async () => {
  const explosive = (_t: number, y: Float64Array) => y.map((value) => 1e300 * value);
  const control = { kind: "fixed", steps: 3 } as const;
  await assert.rejects(odeint(explosive, [1], [0, 1], { tableau: euler, control }), FailureError);
});

Deno.test("odeint() fails when the step budget is exhausted", async () => {
  const solve = odeint(oscillator.f, oscillator.exact(0), [0, 1000], {
    tableau: dopri5,
    control: adaptive(1e-9),
    maxSteps: 20,
  });
  await assert.rejects(solve, { name: "FailureError", message: /budget of 20 steps/ });
});

Deno.test("odeint() takes times in any kind of array", async () => {
  const plain = await odeint(decay.f, [1], [0, 0.5, 1]);
  const typed = await odeint(decay.f, [1], Float64Array.of(0, 0.5, 1));
  assert.deepEqual(typed.states, plain.states);
});

Deno.test("odeint() does not let the caller's arrays change", async () => {
  const y0 = Float64Array.of(1);
  await odeint(decay.f, y0, [0, 1], { tableau: dopri5, control: adaptive(1e-6) });
  assert.deepEqual(y0, Float64Array.of(1));
});

Deno.test("odeint() is not changed by an f that writes into its argument", async () => {
  const inPlace = (_t: number, y: Float64Array) => {
    for (let i = 0; i < y.length; i++) y[i] = -y[i]!;
    return y;
  };
  for (const control of [adaptive(1e-9), { kind: "fixed", steps: 64 } as const]) {
    const tableau = control.kind === "fixed" ? rk4 : dopri5;
    const { y } = await odeint(inPlace, [1], [0, 1], { tableau, control });
    assert.ok(Math.abs(y[0]! - Math.exp(-1)) < 1e-7, `${y[0]}`);
  }
});

// Where f is zero for long, a solver cannot foresee a short pulse.
const pulse = (t: number) => Float64Array.of(t >= 50 && t < 50.5 ? 1 : 0);

Deno.test("odeint() steps on stop times exactly and meets a short pulse between them", async () => {
  for (const times of [[0, 20, 50, 50.25, 50.5, 100], [100, 50.5, 50.25, 50, 20, 0]]) {
    const { y, states, report } = await odeint(pulse, [0], times, {
      tableau: dopri5,
      // The order of the stop times does not matter.
      control: { ...adaptive(1e-6), stopTimes: [50.5, 50, 50] },
    });
    const direction = Math.sign(times[1]! - times[0]!);
    assert.ok(Math.abs(y[0]! - direction * 0.5) < 1e-12, `${y[0]}`);
    const passed = direction > 0 ? [0, 0, 0, 0.25, 0.5, 0.5] : [0, 0, -0.25, -0.5, -0.5, -0.5];
    states.forEach((state, i) => assert.ok(Math.abs(state[0]! - passed[i]!) < 1e-12));
    // Both sides of each jump are smooth, so no step is rejected.
    assert.equal(report.rejected, 0);
  }
});

Deno.test("odeint() with maxStep meets a short pulse and takes no larger step", async () => {
  let largest = 0;
  const seen: number[] = [];
  const watched = (t: number) => {
    seen.push(t);
    return pulse(t);
  };
  const control = { ...adaptive(1e-6), maxStep: 0.25 };
  const { y } = await odeint(watched, [0], [0, 100], { tableau: dopri5, control });
  assert.ok(Math.abs(y[0]! - 0.5) < 1e-4, `${y[0]}`);
  seen.sort((a, b) => a - b).forEach((t, i) => largest = Math.max(largest, t - (seen[i - 1] ?? t)));
  assert.ok(largest <= 0.25, `${largest}`);
});

Deno.test("odeint() begins with firstStep, without evaluations to choose one", async () => {
  const times: number[] = [];
  const f = (t: number, y: Float64Array) => (times.push(t), oscillator.f(t, y));
  const control = { ...adaptive(1e-6), firstStep: 1e-3 };
  const { report } = await odeint(f, oscillator.exact(0), [0, 1], { tableau: dopri5, control });
  assert.equal(report.nfe, 1 + 6 * (report.accepted + report.rejected));
  assert.equal(times[0], 0);
  assert.equal(times[6], 1e-3, "the last stage of the first step");
});

Deno.test("odeint() has one step budget for all of its segments", async () => {
  const solve = odeint(oscillator.f, oscillator.exact(0), [0, 1000], {
    tableau: dopri5,
    control: { ...adaptive(1e-9), stopTimes: Array.from({ length: 40 }, (_, i) => i) },
    maxSteps: 20,
  });
  await assert.rejects(solve, { name: "FailureError", message: /budget of 20 steps/ });
});

Deno.test("odeint() refuses what it cannot solve", async () => {
  const control = adaptive(1e-6);
  const attempts: [readonly number[], Parameters<typeof odeint>[3], RegExp][] = [
    [[0], { tableau: dopri5, control }, /times/],
    [[0, 0], { tableau: dopri5, control }, /times/],
    [[0, 1, 0.5], { tableau: dopri5, control }, /times/],
    [[0, NaN], { tableau: dopri5, control }, /times/],
    [[0, 1], { tableau: dopri5, control: adaptive(-1) }, /rtol.*-1/],
    [[0, 1], { tableau: rk4, control: { kind: "fixed", steps: 1.5 } }, /steps.*1\.5/],
    [[0, 1], { tableau: rk4, control }, /rk4 has no error estimate/],
    [
      [0, 1],
      { tableau: rk4, control: { kind: "fixed", steps: 2 ** 53 } },
      /steps.*9007199254740992/,
    ],
    [[0, 1], { tableau: dopri5, control: { ...control, firstStep: 0 } }, /firstStep.*0/],
    [[0, 1], { tableau: dopri5, control: { ...control, maxStep: NaN } }, /maxStep.*NaN/],
    [
      [0, 1],
      { tableau: dopri5, control: { ...control, firstStep: 2, maxStep: 1 } },
      /2.*maxStep 1/,
    ],
    [[0, 1], { tableau: dopri5, control: { ...control, stopTimes: [0.5, 2] } }, /stopTimes.*got 2/],
    [[0, 1], { tableau: dopri5, control, maxSteps: 0 }, /maxSteps.*0/],
  ];
  for (const [times, options, message] of attempts) {
    await assert.rejects(odeint(logistic.f, [0.1], times, options), {
      name: "RangeError",
      message,
    });
  }
  const short = () => Float64Array.of(1);
  await assert.rejects(odeint(short, [1, 2], [0, 1], { tableau: dopri5, control }), {
    name: "RangeError",
    message: /1 numbers for a state of 2/,
  });
});

Deno.test("odeint() refuses options that do not exist, and says what they are here", async () => {
  const attempts: [object, RegExp][] = [
    [{ method: "rk4" }, /^odeint: there is no option "method", give tableau: rk4$/],
    [{ rtol: 1e-3 }, /"rtol", give control: { kind: "adaptive", rtol }$/],
    [{ maxStep: 9 }, /"maxStep", did you mean "maxSteps"\?$/],
    [{ control: { kind: "adaptive", rTol: 1 } }, /control: .*"rTol", did you mean "rtol"\?$/],
    [{ control: { rtol: 1e-3 } }, /control must be of kind "fixed" or "adaptive", got \{"rtol"/],
    [{ tableau: "rk4" }, /tableau must be .*, got "rk4"$/],
  ];
  for (const [options, message] of attempts) {
    await assert.rejects(odeint(logistic.f, [0.1], [0, 1], options), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("odeint() refuses a state or a slope that is not an array of numbers", async () => {
  const states: [unknown, RegExp][] = [
    [[], /y0 must be a flat array of at least one finite number, got \[\]$/],
    [1, /y0 must be .*, got 1$/],
    [[1, NaN], /y0 must be .*, got NaN at 1$/],
    [[[1, 2]], /y0 must be .*, got \[1,2\] at 0$/],
  ];
  for (const [y0, message] of states) {
    await assert.rejects(odeint(logistic.f, y0 as number[], [0, 1]), {
      name: "RangeError",
      message,
    });
  }
  for (const [slope, found] of [[undefined, "undefined"], [1, "number"]] as const) {
    await assert.rejects(odeint(() => slope as never, [1], [0, 1]), {
      name: "RangeError",
      message: `odeint: f must return an array of 1 numbers, got ${found}`,
    });
  }
  await assert.rejects(odeint(() => Promise.resolve([1]) as never, [1], [0, 1]), /got a promise$/);
});
