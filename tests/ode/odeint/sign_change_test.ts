import assert from "node:assert/strict";
import { signChange } from "../../../src/ode/odeint/sign_change.ts";

/** The sign change in a bracket, and the number of evaluations. */
async function solved(value: (t: number) => number, from: number, to: number) {
  let evaluations = 0;
  const t = await signChange({
    from,
    to,
    valueFrom: value(from),
    valueTo: value(to),
    value: (t) => (evaluations++, Promise.resolve(value(t))),
  });
  return { t, evaluations };
}

// One simple zero each; the last ones mislead every rule that assumes smoothness.
const cases: [string, (t: number) => number, number, number, number][] = [
  ["a line", (t) => 3 * t - 1, 0, 1, 1 / 3],
  ["cos", Math.cos, 0, 3, Math.PI / 2],
  ["cos backwards", Math.cos, 3, 0, Math.PI / 2],
  ["a zero far from 0", (t) => t - 1e6 - 0.1, 1e6, 1e6 + 1, 1e6 + 0.1],
  ["a cube", (t) => (t - 0.3) ** 3, -1, 1, 0.3],
  ["a wall", (t) => Math.tanh(1e8 * (t - 0.7)), 0, 1, 0.7],
  ["a jump", (t) => t < 0.7 ? -1 : 1e300, 0, 1, 0.7],
  ["infinite values", (t) => (t - 0.7) * Infinity || 0, 0, 1, 0.7],
  ["a pole", (t) => 1 / (t - 0.7), 0, 1, 0.7],
];

for (const [name, value, from, to, zero] of cases) {
  Deno.test(`signChange() ends beside the zero, on the new sign's side (${name})`, async () => {
    const { t, evaluations } = await solved(value, from, to);
    assert.ok(Math.abs(t - zero) <= 2 * Number.EPSILON * Math.max(Math.abs(from), Math.abs(to)));
    assert.notEqual(Math.sign(value(t)), Math.sign(value(from)));
    // Bisection takes 52 for a bracket as wide as its numbers, and this method at most one more.
    assert.ok(evaluations <= 54, `${evaluations}`);
    if (name.startsWith("cos")) assert.ok(evaluations <= 12, `${evaluations}`);
  });
}
