import assert from "node:assert/strict";
import { odeint } from "../../../src/ode/odeint/odeint.ts";
import { tableaus } from "../../../src/ode/tableaus.ts";
import { distance, modulated, oscillator } from "../problems.ts";

/** Times of a solve, and times between them. */
const between = (start: number, end: number, count: number) =>
  Array.from({ length: count + 1 }, (_, i) => start + (end - start) * i / count);

// An interpolant of order q has an error of order q + 1 in the step size inside a step.
const interpolantErrors: Readonly<Record<string, number>> = { dopri5: 5, tsit5: 5 };

for (const tableau of Object.values(tableaus)) {
  Deno.test(`odeint() is as dense as its interpolant with ${tableau.name}`, async () => {
    const order = Math.min(tableau.order, interpolantErrors[tableau.name] ?? 4);
    const error = async (steps: number, end: number) => {
      const control = { kind: "fixed", steps } as const;
      const { at } = await odeint(modulated.f, modulated.exact(0), [0, end], {
        tableau,
        control,
        dense: true,
      });
      const times = between(0, end, 97);
      return Math.max(...times.map((t) => distance(at(t), modulated.exact(t))));
    };
    for (const end of [1, -1]) {
      const steps = tableau.order > 2 ? 16 : 64;
      const observed = Math.log2((await error(steps, end)) / (await error(2 * steps, end)));
      assert.ok(observed > order - 0.2, `to t = ${end}: observed ${observed}, expected ${order}`);
    }
  });
}

Deno.test("odeint() is continuous where steps end, and equals the states that were asked for", async () => {
  for (const tableau of Object.values(tableaus)) {
    for (const end of [3, -3]) {
      const times = between(0, end, 30);
      const control = tableau.bError === null
        ? { kind: "fixed", steps: 30 } as const
        : { kind: "adaptive", stopTimes: [end / 3] } as const;
      const seen: number[] = [];
      const { at, y, states } = await odeint(
        (t, y) => (seen.push(t), oscillator.f(t, y)),
        [1, 0],
        times,
        { tableau, control, dense: true },
      );
      times.forEach((t, i) => assert.deepEqual(at(t), states[i]));
      assert.deepEqual(at(end), y);
      // Every step ends at a time for which f was asked; the solution must be continuous there.
      for (const t of seen) {
        if (Math.abs(t) === 0 || Math.abs(t) >= 3) continue;
        const jump = distance(at(t * (1 + 1e-12)), at(t * (1 - 1e-12)));
        assert.ok(jump < 1e-11, `${tableau.name} at ${t}: ${jump}`);
      }
    }
  }
});

Deno.test("odeint()'s dense output is defined between start and end only, and returns copies", async () => {
  const { at } = await odeint(oscillator.f, [1, 0], [0, 1], { dense: true });
  for (const t of [-1e-9, 1 + 1e-9, NaN]) {
    assert.throws(() => at(t), { name: "RangeError", message: /from t = 0 to 1, got/ });
  }
  at(0).fill(7);
  at(0.5).fill(7);
  assert.deepEqual(at(0), Float64Array.of(1, 0));
  assert.ok(distance(at(0.5), oscillator.exact(0.5)) < 1e-6);
});

Deno.test("odeint() has torchdiffeq's defaults", async () => {
  const plain = await odeint(oscillator.f, [1, 0], [0, 5]);
  const spelled = await odeint(oscillator.f, [1, 0], [0, 5], {
    tableau: tableaus.dopri5!,
    control: { kind: "adaptive", rtol: 1e-7, atol: 1e-9 },
  });
  assert.deepEqual(plain.y, spelled.y);
  assert.deepEqual(plain.report, spelled.report);
  const absolute = await odeint(oscillator.f, [1, 0], [0, 5], {
    control: { kind: "adaptive", rtol: 1e-3 },
  });
  assert.ok(absolute.report.accepted < plain.report.accepted);
});
