import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { FailureError } from "../../../src/core/errors.ts";
import { odeint } from "../../../src/ode/odeint/odeint.ts";
import { odeintTensors } from "../../../src/ode/odeint/odeint_tensors.ts";
import { backendTest } from "../../support/backends.ts";
import { distance } from "../problems.ts";

const methods = ["direct", "adjoint"] as const;

/** (x, v)' = (v, -g). */
function fall(y: tf.Tensor, g: tf.Tensor): tf.Tensor {
  const [, v] = tf.unstack(y);
  return tf.stack([v!, tf.neg(g)]);
}

const height = {
  value: (_t: tf.Tensor, y: tf.Tensor) => tf.slice(y, 0, 1),
  direction: -1,
} as const;

/** Reads and disposes tensors. */
async function taken(...tensors: tf.Tensor[]): Promise<number[]> {
  const values = (await Promise.all(tensors.map((tensor) => tensor.data()))).flatMap((v) => [...v]);
  tf.dispose(tensors);
  return values;
}

for (const gradient of methods) {
  backendTest(
    `odeintTensors() knows how the time of a fall depends on its start and on g (${gradient})`,
    ["cpu", "webgpu"],
    async (backend) => {
      const [x, v, g] = [20, 3, 9.81];
      const y0 = tf.tensor1d([x, v]), parameters = { g: tf.scalar(g) };
      const solution = await odeintTensors((_t, y, p) => fall(y, p.g), y0, [0, 1, 10], {
        parameters,
        gradient,
        events: [{ ...height, terminal: true }],
        control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
      });
      // t = (v + speed) / g, at the speed sqrt(v^2 + 2 g x).
      const speed = Math.sqrt(v * v + 2 * g * x), t = (v + speed) / g;
      const tolerance = backend.kind === "cpu" ? 1e-5 : 1e-4;
      assert.ok(Math.abs(solution.t - t) < tolerance, `${solution.t}, ${t}`);
      assert.deepEqual(solution.states.shape, [2, 2], "at t = 0 and 1");
      const ofTime = await solution.gradients(({ events }) => events[0]!.tTensor);
      assert.ok(
        distance(await taken(ofTime.y0, ofTime.parameters.g), [
          1 / speed,
          (1 + v / speed) / g,
          x / (g * speed) - t / g,
        ]) < tolerance,
      );
      // The speed at the ground does not depend on when: minus sqrt(v^2 + 2 g x).
      const ofSpeed = await solution.gradients(({ y }) => tf.squeeze(tf.slice(y, 1, 1)));
      assert.ok(
        distance(await taken(ofSpeed.y0, ofSpeed.parameters.g), [
          -g / speed,
          -v / speed,
          -x / speed,
        ]) <
          tolerance,
      );
      // The height there is 0 whatever the start.
      const ofHeight = await solution.gradients(({ y }) => tf.squeeze(tf.slice(y, 0, 1)));
      assert.ok(
        distance(await taken(ofHeight.y0, ofHeight.parameters.g), [0, 0, 0]) < tolerance,
      );
      solution.dispose();
      tf.dispose([y0, parameters]);
    },
  );
}

backendTest("odeintTensors() finds when an oscillator passes a level", ["cpu"], async () => {
  // From (1, 0) cos(w t) falls through the level at acos(level) / w, and rises through it at
  // (2 pi - acos(level)) / w; backwards at the same times with the other sign.
  const w = 1.3, level = 0.4, slope = Math.sqrt(1 - level ** 2);
  const y0 = tf.tensor1d([1, 0]), parameters = { w: tf.scalar(w), level: tf.scalar(level) };
  for (const gradient of methods) {
    for (const sign of [1, -1]) {
      const solution = await odeintTensors(
        (_t, y, p) => {
          const [x, v] = tf.unstack(y);
          return tf.mul(p.w, tf.stack([v!, tf.neg(x!)]));
        },
        y0,
        [0, 5 * sign],
        {
          parameters,
          gradient,
          events: [{ value: (_t, y, p) => tf.sub(tf.slice(y, 0, 1), p.level) }],
        },
      );
      const times = [Math.acos(level) / w, (2 * Math.PI - Math.acos(level)) / w];
      assert.equal(solution.events.length, 2);
      for (const [i, t] of times.entries()) {
        assert.ok(Math.abs(solution.events[i]!.t - sign * t) < 1e-6);
        const { y0: ofStart, parameters: p } = await solution.gradients(({ events }) =>
          events[i]!.tTensor
        );
        const side = i === 0 ? -1 : 1;
        // The start's first entry scales the level: cos(w t) = level / x.
        const expected = [-side * level / (w * slope), -t / w, side / (w * slope)];
        const [ofX, , ofW, ofLevel] = await taken(ofStart, p.w, p.level);
        assert.ok(distance([ofX!, ofW!, ofLevel!], expected.map((value) => sign * value)) < 1e-5);
      }
      solution.dispose();
    }
  }
  tf.dispose([y0, parameters]);
});

/** A loss of the times and states of three events of an oscillator, forwards or backwards, in float64. */
async function trueLoss([x, v, w, level]: Float64Array, end: number): Promise<number> {
  const { events, y, states } = await odeint(
    (_t, [x, v]) => [w! * v!, -w! * x!],
    [x!, v!],
    [0, end / 8, end],
    {
      control: { kind: "adaptive", rtol: 1e-11, atol: 1e-11 },
      events: [
        { value: (_t, [x]) => x! - level!, terminal: 2 },
        { value: (t, [, v]) => v! - Math.abs(t) * level! },
      ],
    },
  );
  const times = events.reduce((sum, { t }, i) => sum + (i + 1) * t, 0);
  return times + events[1]!.y[0]! + y[1]! + states[1]![0]!;
}

for (const gradient of methods) {
  backendTest(
    `odeintTensors() differentiates several events as finite differences do (${gradient})`,
    ["cpu"],
    async () => {
      const at = [1, 0.2, 1.3, 0.4];
      for (const end of [8, -8]) {
        const h = 1e-5;
        const expected: number[] = [];
        for (let i = 0; i < at.length; i++) {
          const moved = (by: number) =>
            Float64Array.from(at, (value, j) => i === j ? value + by : value);
          expected.push((await trueLoss(moved(h), end) - await trueLoss(moved(-h), end)) / (2 * h));
        }
        const y0 = tf.tensor1d(at.slice(0, 2));
        const parameters = { w: tf.scalar(at[2]!), level: tf.scalar(at[3]!) };
        const solution = await odeintTensors(
          (_t, y, { w }) => {
            const [x, v] = tf.unstack(y);
            return tf.mul(w, tf.stack([v!, tf.neg(x!)]));
          },
          y0,
          [0, end / 8, end],
          {
            parameters,
            gradient,
            events: [
              { value: (_t, y, { level }) => tf.sub(tf.slice(y, 0, 1), level), terminal: 2 },
              {
                value: (t, y, { level }) => tf.sub(tf.slice(y, 1, 1), tf.mul(tf.abs(t), level)),
              },
            ],
          },
        );
        const { value, y0: ofStart, parameters: { w, level } } = await solution.gradients(
          ({ events, y, states }) =>
            tf.addN([
              ...events.map(({ tTensor }, i) => tf.mul(tTensor, i + 1)),
              tf.squeeze(tf.slice(events[1]!.y, 0, 1)),
              tf.squeeze(tf.slice(y, 1, 1)),
              tf.squeeze(tf.slice(states, [1, 0], [1, 1])),
            ]),
        );
        assert.ok(Math.abs(value - await trueLoss(Float64Array.from(at), end)) < 2e-5);
        const found = await taken(ofStart, w, level);
        // Entries are up to 40; values of events are float32.
        assert.ok(distance(found, expected) < 2e-4, `to ${end}: ${found} but ${expected}`);
        solution.dispose();
        tf.dispose([y0, parameters]);
      }
    },
  );
}

backendTest("odeintTensors() fails if an event's time has no gradient", ["cpu"], async () => {
  const y0 = tf.tensor1d([0]);
  // A step that the state does not move: the value jumps and has the derivative 0.
  const event = { value: (t: tf.Tensor) => tf.sub(tf.step(tf.sub(t, 0.5)), 0.5), terminal: true };
  const solution = await odeintTensors((_t, y) => tf.onesLike(y), y0, [0, 1], { events: [event] });
  assert.ok(Math.abs(solution.t - 0.5) < 1e-6);
  await assert.rejects(solution.gradients(({ events }) => events[0]!.tTensor), (error) => {
    assert.ok(error instanceof FailureError);
    assert.match(error.message, /events\[0\] at t = 0\.5.*no gradient.*rate of 0/);
    return true;
  });
  solution.dispose();
  y0.dispose();
});
