import assert from "node:assert/strict";
import fc from "fast-check";
import { FailureError } from "../../../src/core/errors.ts";
import { odeint, type OdeintEvent } from "../../../src/ode/odeint/odeint.ts";
import { rk4 } from "../../../src/ode/tableaus/rk4.ts";
import { distance, oscillator } from "../problems.ts";

const G = 9.81;
const fall = (_t: number, [, v]: Float64Array) => [v!, -G];
const ground: OdeintEvent = { value: (_t, [x]) => x!, direction: -1, terminal: true };

const position: OdeintEvent = { value: (_t, [x]) => x! };
const quarter = Math.PI / 2;

Deno.test("odeint() ends at a terminal event, located to the last bits", async () => {
  // A parabola is its own interpolant: nothing but rounding is between the time and the truth.
  const { t, y, events, states } = await odeint(fall, [20, 0], [0, 1, 2, 3, 4], {
    events: [ground],
  });
  assert.ok(Math.abs(t - Math.sqrt(2 * 20 / G)) < 4 * Number.EPSILON * t, `${t}`);
  assert.ok(distance(y, [0, -Math.sqrt(2 * 20 * G)]) < 1e-13, `${y}`);
  assert.deepEqual(events, [{ index: 0, t, y }]);
  assert.equal(states.length, 3, "the states at t = 0, 1 and 2");
});

Deno.test("odeint() finds the time of an event to the accuracy of the solve", async () => {
  // At speed 1 an error of the state is an error of the time.
  for (const tolerance of [1e-5, 1e-8, 1e-11]) {
    const control = { kind: "adaptive", rtol: tolerance, atol: tolerance } as const;
    const { events } = await odeint(oscillator.f, [1, 0], [0, 10], { control, events: [position] });
    assert.deepEqual(events.map(({ index }) => index), [0, 0, 0]);
    events.forEach(({ t, y }, i) => {
      const exact = (2 * i + 1) * quarter;
      assert.ok(Math.abs(t - exact) < 10 * tolerance, `${tolerance}: ${t}, ${exact}`);
      assert.ok(distance(y, oscillator.exact(t)) < 10 * tolerance);
      assert.ok(Math.abs(y[0]!) < 1e-14, "its value is 0 to the last bits");
    });
  }
});

Deno.test("odeint() takes rising and falling in the direction of the solve", async () => {
  // x = cos t falls at 1 and rises at 3 quarters; backwards it falls at -1 and rises at -3.
  for (const sign of [1, -1]) {
    for (const [direction, quarters] of [[1, [3, 7]], [-1, [1, 5]], [0, [1, 3, 5, 7]]] as const) {
      const { events } = await odeint(oscillator.f, [1, 0], [0, sign * 8 * quarter], {
        events: [{ ...position, direction }],
      });
      const times = quarters.map((n) => sign * n * quarter);
      assert.ok(distance(events.map(({ t }) => t), times) < 1e-6, `${direction}`);
      assert.equal(events.length, times.length);
    }
  }
});

Deno.test("odeint() ends at the given number of events of one kind, all kinds in order", async () => {
  const velocity: OdeintEvent = { value: (_t, [, v]) => v!, terminal: 2 };
  const late: OdeintEvent = { value: (t) => t - 3, terminal: false };
  for (const sign of [1, -1]) {
    const mirrored: OdeintEvent = { ...late, value: (t) => sign * t - 3 };
    const { t, events } = await odeint(oscillator.f, oscillator.exact(0.1 * sign), [
      0.1 * sign,
      50 * sign,
    ], { events: [position, velocity, mirrored] });
    assert.deepEqual(events.map(({ index }) => index), [0, 2, 1, 0, 1]);
    assert.ok(Math.abs(t - sign * 4 * quarter) < 1e-6, `${t}`);
    assert.equal(t, events.at(-1)!.t);
    assert.equal(events[1]!.t, 3 * sign, "a zero of t alone is found exactly");
  }
});

Deno.test("odeint() does not take a zero at the start for an event", async () => {
  // Thrown up from the ground: it is there at t = 0, and again after 2 v / g.
  // One step of 10 is all that is needed; it is back within the first quarter of it.
  for (const control of [{ kind: "adaptive" }, { kind: "adaptive", firstStep: 10 }] as const) {
    for (const direction of [0, -1] as const) {
      const options = { control, events: [{ ...ground, direction }] };
      const { t } = await odeint(fall, [0, 10], [0, 10], options);
      assert.ok(Math.abs(t - 20 / G) < 1e-14, `${t}`);
    }
  }
});

Deno.test("odeint() restarted from an event does not find it again", async () => {
  // Bounces that keep half of the speed: the flights last 2, 1, 1/2 ... times v / g.
  let t = 0, y: ArrayLike<number> = [0, 10];
  const bounces: number[] = [];
  for (let i = 0; i < 4; i++) {
    const end = await odeint(fall, y, [t, t + 10], { events: [ground] });
    [t, y] = [end.t, [end.y[0]!, -end.y[1]! / 2]];
    bounces.push(t);
  }
  assert.ok(distance(bounces, [1, 1.5, 1.75, 1.875].map((n) => 2 * n * 10 / G)) < 1e-13);
  // Through the zero instead of back from it, with whatever direction.
  const first = await odeint(oscillator.f, [1, 0], [0, 5], {
    events: [{ ...position, terminal: true }],
  });
  const second = await odeint(oscillator.f, first.y, [first.t, 10], {
    events: [{ ...position, terminal: true }],
  });
  assert.ok(Math.abs(second.t - 3 * quarter) < 1e-6, `${second.t}`);
});

Deno.test("odeint() finds one event for a zero at the end, and for a zero without sign change", async () => {
  const still = () => [0];
  const atEnd = await odeint(still, [0], [0, 1], { events: [{ value: (t) => t - 1 }] });
  assert.deepEqual(atEnd.events.map(({ t }) => t), [1]);
  // Steps of 1/4 look at multiples of 1/16: the zero of the square at 1/2 is seen.
  const control = { kind: "fixed", steps: 4 } as const;
  const touch = await odeint(still, [0], [0, 1], {
    tableau: rk4,
    control,
    events: [{ value: (t) => (t - 1 / 2) ** 2 }],
  });
  assert.deepEqual(touch.events.map(({ t }) => t), [1 / 2]);
});

Deno.test("odeint() finds events with fixed steps and between stop times as well", async () => {
  const fixed = await odeint(oscillator.f, [1, 0], [0, 10], {
    tableau: rk4,
    control: { kind: "fixed", steps: 400 },
    events: [{ ...position, terminal: 3 }],
  });
  assert.ok(Math.abs(fixed.t - 5 * quarter) < 1e-6, `${fixed.t}`);
  assert.equal(fixed.report.accepted, Math.ceil(5 * quarter / 10 * 400));
  assert.equal(fixed.report.nfe, 1 + 4 * fixed.report.accepted, "a slope is computed once");
  // A motor runs from t = 1 on; the height of 2 is reached 2 seconds later.
  const motor = (t: number) => [t < 1 ? 0 : 1];
  const { t, states, report } = await odeint(motor, [0], [0, 0.5, 2, 3.5, 4], {
    control: { kind: "adaptive", stopTimes: [1, 3.75] },
    events: [{ value: (_t, [y]) => y! - 2, terminal: true }],
  });
  assert.ok(Math.abs(t - 3) < 1e-12, `${t}`);
  assert.ok(distance(states.map(([y]) => y!), [0, 0, 1]) < 1e-12 && states.length === 3);
  assert.equal(report.failure, null);
});

Deno.test("odeint() takes the same steps whether or not it looks for events", async () => {
  const times = [0, 0.3, 4];
  const plain = await odeint(oscillator.f, [1, 0], times);
  const watched = await odeint(oscillator.f, [1, 0], times, { events: [position], dense: true });
  assert.deepEqual(watched.states, plain.states);
  assert.deepEqual(watched.report, plain.report);
  assert.deepEqual(plain.events, []);
  assert.equal(plain.t, 4);
});

Deno.test("odeint() does not return states beyond a terminal event", async () => {
  // 1 / (1 - t) passes 100 at t = 0.99 and blows up at 1.
  const { t } = await odeint((_t, y) => y.map((v) => v * v), [1], [0, 2], {
    events: [{ value: (_t, [y]) => y! - 100, terminal: true }],
  });
  assert.ok(Math.abs(t - 0.99) < 1e-7, `${t}`);
});

Deno.test("odeint() refuses invalid events", async () => {
  const attempts: [OdeintEvent, RegExp][] = [
    [(() => 1) as unknown as OdeintEvent, /value of events\[0\] must be a function/],
    [{ ...position, terminal: 0 }, /terminal of events\[0\].*got 0/],
    [{ ...position, terminal: 1.5 }, /terminal of events\[0\].*got 1\.5/],
    [{ ...position, direction: 2 as 1 }, /direction of events\[0\].*got 2/],
  ];
  for (const [event, message] of attempts) {
    await assert.rejects(odeint(fall, [1, 0], [0, 1], { events: [event] }), {
      name: "RangeError",
      message,
    });
  }
  const forgotten = { value: () => undefined as unknown as number };
  await assert.rejects(odeint(fall, [1, 0], [0, 1], { events: [forgotten] }), {
    name: "FailureError",
    message: /events\[0\] is not a number at t = 0/,
  });
  const nowhere = { events: [position, { value: (t: number) => Math.sqrt(0.5 - t) }] };
  await assert.rejects(odeint(fall, [1, 0], [0, 1], nowhere), (error) => {
    assert.ok(error instanceof FailureError);
    assert.match(error.message, /events\[1\] is not a number at t = 0\.[5-9]/);
    return true;
  });
});

Deno.test("odeint() misses no crossing of an oscillation, and invents none", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.3, max: 5, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: -0.9, max: 0.9, noNaN: true }),
      fc.constantFrom(-1, 1),
      fc.constantFrom(1e-3, 1e-6),
      async (speed, phase, level, sign, tolerance) => {
        const end = 7 * sign;
        const { events } = await odeint(
          (_t, [x, v]) => [speed * v!, -speed * x!],
          [Math.cos(phase), -Math.sin(phase)],
          [0, end],
          {
            control: { kind: "adaptive", rtol: tolerance, atol: tolerance },
            events: [{ value: (_t, [x]) => x! - level }],
          },
        );
        // cos(speed t + phase) = level.
        const expected: number[] = [];
        for (let turn = -10; turn <= 10; turn++) {
          for (const side of [-1, 1]) {
            expected.push((side * Math.acos(level) + 2 * Math.PI * turn - phase) / speed);
          }
        }
        const error = 300 * tolerance / speed;
        const isInside = (t: number, margin: number) =>
          t * sign > margin && (end - t) * sign > margin;
        // A crossing at the very ends may fall to either side.
        fc.pre(expected.every((t) => isInside(t, error) || !isInside(t, -error)));
        const inside = expected.filter((t) => isInside(t, 0)).sort((a, b) => (a - b) * sign);
        assert.equal(events.length, inside.length);
        events.forEach(({ t }, i) => assert.ok(Math.abs(t - inside[i]!) < error, `${t}`));
      },
    ),
    { numRuns: 60 },
  );
});
