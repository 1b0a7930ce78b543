import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { FailureError } from "../../../src/core/errors.ts";
import { odeint } from "../../../src/ode/odeint/odeint.ts";
import { odeintTensors } from "../../../src/ode/odeint/odeint_tensors.ts";
import { rk4 } from "../../../src/ode/tableaus/rk4.ts";
import { backendTest } from "../../support/backends.ts";
import { distance } from "../problems.ts";

const methods = ["direct", "adjoint"] as const;

/** dy/dt = tanh(y W + b cos t) on rows of two, in float64: parameters are W [2, 2] and b [2]. */
function smallNetwork([a, b, c, d, e, g]: ArrayLike<number> & Iterable<number>) {
  return (t: number, y: Float64Array): number[] => {
    const slope: number[] = [];
    for (let i = 0; i < y.length; i += 2) {
      const u = y[i]!, v = y[i + 1]!;
      slope.push(Math.tanh(u * a! + v * c! + e! * Math.cos(t)));
      slope.push(Math.tanh(u * b! + v * d! + g! * Math.cos(t)));
    }
    return slope;
  };
}

const weights = [0.5, -1.5, 1.2, 0.3], bias = [0.4, -0.2];
const start = [1, 0.5, -0.3, 0.8, 0.2, -1];
const targets = [0.1, 0.9, -0.4, 0.3, 0.6, -0.7];

/** The sum over times of (index + 1) times the squared distance to the targets, in float64. */
async function trueLoss(values: ArrayLike<number>, times: readonly number[]): Promise<number> {
  const all = Array.from(values), control = { kind: "adaptive", rtol: 1e-11, atol: 1e-11 } as const;
  const f = smallNetwork(all.slice(6));
  const { states } = await odeint(f, all.slice(0, 6), times, { control });
  return states.reduce(
    (sum, state, i) => sum + (i + 1) * state.reduce((s, v, j) => s + (v - targets[j]!) ** 2, 0),
    0,
  );
}

/** Central differences in every coordinate. */
async function differences(
  f: (values: Float64Array) => Promise<number>,
  at: readonly number[],
): Promise<number[]> {
  const h = 1e-4, out: number[] = [];
  for (let i = 0; i < at.length; i++) {
    const up = Float64Array.from(at), down = Float64Array.from(at);
    up[i]! += h;
    down[i]! -= h;
    out.push(((await f(up)) - (await f(down))) / (2 * h));
  }
  return out;
}

/** Loss and gradients of the small network in tensors, [y0, W, b] in one array. */
async function tensorLoss(
  times: readonly number[],
  options: Pick<
    NonNullable<Parameters<typeof odeintTensors>[3]>,
    "gradient" | "tableau" | "control"
  >,
) {
  const parameters = { w: tf.tensor2d(weights, [2, 2]), b: tf.tensor1d(bias) };
  const y0 = tf.tensor2d(start, [3, 2]), target = tf.tensor2d(targets, [3, 2]);
  const solution = await odeintTensors(
    (t, y, { w, b }) => tf.tanh(tf.add(tf.matMul(y, w), tf.mul(b, Math.cos(t)))),
    y0,
    times,
    { parameters, ...options },
  );
  const factors = tf.tensor1d(times.map((_, i) => i + 1));
  const { value, ...gradients } = await solution.gradients(({ states }) => {
    const squares = tf.sum(tf.square(tf.sub(states, target)), [1, 2]);
    return tf.sum(tf.mul(factors, squares));
  });
  const { w, b } = gradients.parameters;
  const read = await Promise.all([gradients.y0, w, b].map((tensor) => tensor.data()));
  assert.deepEqual([gradients.y0.shape, w.shape, b.shape], [[3, 2], [2, 2], [2]]);
  solution.dispose();
  tf.dispose([y0, target, factors, parameters, gradients.y0, gradients.parameters]);
  return { value, gradient: read.flatMap((values) => [...values]), report: solution.report };
}

for (const gradient of methods) {
  backendTest(
    `odeintTensors() has the gradient of finite differences (${gradient})`,
    ["cpu"],
    async () => {
      for (const times of [[0, 0.3, 0.31, 1.5], [1, -0.5]]) {
        const at = [...start, ...weights, ...bias];
        const expected = await differences((values) => trueLoss(values, times), at);
        const { value, gradient: found } = await tensorLoss(times, { gradient });
        assert.ok(Math.abs(value / await trueLoss(at, times) - 1) < 1e-5);
        // f is float32; the largest entry is about 20.
        assert.ok(distance(found, expected) < 1e-4, `${found} but ${expected}`);
      }
    },
  );
}

Deno.test("odeintTensors() has the gradient of finite differences on tfjs's own backend", async () => {
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors, times = [0, 0.3, 1.5];
  const at = [...start, ...weights, ...bias];
  const expected = await differences((values) => trueLoss(values, times), at);
  for (const gradient of methods) {
    const { gradient: found } = await tensorLoss(times, { gradient });
    assert.ok(distance(found, expected) < 1e-4, `${gradient}: ${found} but ${expected}`);
  }
  assert.equal(tf.memory().numTensors, before);
});

backendTest(
  "odeintTensors() with fixed steps has the gradient of these very steps",
  ["cpu", "webgpu"],
  async () => {
    // Coarse: the solver's error is part of what is differentiated, states between steps as well.
    const control = { kind: "fixed", steps: 3 } as const, times = [0, 0.5, 0.7, 2];
    const loss = async (values: Float64Array) => {
      const all = Array.from(values);
      const { states } = await odeint(smallNetwork(all.slice(6)), all.slice(0, 6), times, {
        tableau: rk4,
        control,
      });
      return states.reduce(
        (sum, state, i) => sum + (i + 1) * state.reduce((s, v, j) => s + (v - targets[j]!) ** 2, 0),
        0,
      );
    };
    const expected = await differences(loss, [...start, ...weights, ...bias]);
    const { gradient, report } = await tensorLoss(times, { tableau: rk4, control });
    assert.ok(distance(gradient, expected) < 1e-4, `${gradient} but ${expected}`);
    assert.equal(report.accepted, 3);
  },
);

backendTest("odeintTensors() has the states of odeint()", ["cpu", "webgpu"], async () => {
  const times = [0, 0.25, 2], control = { kind: "adaptive", rtol: 1e-4, atol: 1e-4 } as const;
  const plain = await odeint(smallNetwork([...weights, ...bias]), start, times, { control });
  const y0 = tf.tensor2d(start, [3, 2]), w = tf.tensor2d(weights, [2, 2]), b = tf.tensor1d(bias);
  const solution = await odeintTensors(
    (t, y) => tf.tanh(tf.add(tf.matMul(y, w), tf.mul(b, Math.cos(t)))),
    y0,
    times,
    { control },
  );
  assert.deepEqual(solution.states.shape, [3, 3, 2]);
  const states = plain.states.flatMap((state) => [...state]);
  assert.ok(distance(await solution.states.data(), states) < 1e-5);
  assert.ok(distance(await solution.y.data(), plain.y) < 1e-5);
  solution.dispose();
  tf.dispose([y0, w, b]);
});

backendTest("odeintTensors() fits a variable to a trajectory", ["cpu"], async () => {
  // y' = -rate y through (0, 1), seen at three times; rate 1.5 is to be found from 0.5.
  const first = tf.scalar(0.5), rate = tf.variable(first, true, "rate"), y0 = tf.tensor1d([1]);
  const times = [0, 0.5, 1, 2], seen = tf.tensor2d(times.map((t) => [Math.exp(-1.5 * t)]));
  const optimizer = tf.train.adam(0.1);
  for (let step = 0; step < 60; step++) {
    const solution = await odeintTensors((_t, y, p) => tf.neg(tf.mul(p.rate, y)), y0, times, {
      parameters: { rate },
      control: { kind: "adaptive", rtol: 1e-4, atol: 1e-4 },
    });
    const { y0: ofStart, parameters } = await solution.gradients(({ states }) =>
      tf.losses.meanSquaredError(seen, states)
    );
    optimizer.applyGradients([{ name: rate.name, tensor: parameters.rate }]);
    solution.dispose();
    tf.dispose([ofStart, parameters]);
  }
  assert.ok(Math.abs(rate.dataSync()[0]! - 1.5) < 0.02, `${rate.dataSync()}`);
  optimizer.dispose();
  tf.dispose([first, rate, y0, seen]);
});

backendTest("odeintTensors() returns zero gradients where a loss does not depend on an input", [
  "cpu",
], async () => {
  const used = tf.scalar(2), idle = tf.tensor1d([1, 2, 3]), y0 = tf.tensor1d([1, 1]);
  for (const gradient of methods) {
    const solution = await odeintTensors(() => tf.ones([2]), y0, [0, 1], {
      parameters: { used, idle },
      gradient,
    });
    const plain = await solution.gradients(({ y }) => tf.sum(tf.mul(y, used)));
    // y(1) = y0 + 1, so the loss is used * (y0[0] + y0[1] + 2).
    assert.ok(distance(await plain.y0.data(), [2, 2]) < 1e-6);
    assert.ok(distance(await plain.parameters.used.data(), [4]) < 1e-6);
    assert.deepEqual([...await plain.parameters.idle.data()], [0, 0, 0]);
    const none = await solution.gradients(() => tf.sum(tf.square(idle)));
    assert.deepEqual([...await none.y0.data()], [0, 0]);
    assert.deepEqual([...await none.parameters.idle.data()], [2, 4, 6]);
    tf.dispose([plain.y0, plain.parameters, none.y0, none.parameters]);
    solution.dispose();
    solution.dispose();
  }
  tf.dispose([used, idle, y0]);
});

backendTest("odeintTensors() disposes everything when something throws", ["cpu"], async () => {
  const y0 = tf.tensor1d([1]);
  let calls = 0;
  const late = (_t: number, y: tf.Tensor1D) => {
    if (++calls > 20) throw new Error("late");
    return tf.neg(y);
  };
  await assert.rejects(odeintTensors(late, y0, [0, 5]), /late/);
  await assert.rejects(odeintTensors(() => tf.zeros([2]), y0, [0, 1]), {
    name: "RangeError",
    message: /f must return a tensor of y's shape \[1\], got \[2\]/,
  });
  await assert.rejects(odeintTensors((_t, y) => tf.cast(y, "int32"), y0, [0, 1]), {
    name: "RangeError",
    message: "odeintTensors: f must return float32 numbers, got int32",
  });
  const blowUp = odeintTensors((_t, y) => tf.square(y), y0, [0, 2]);
  await assert.rejects(blowUp, (error) => {
    assert.ok(error instanceof FailureError);
    assert.match(error.message, /odeintTensors: the solve stopped at t = (1|0\.99)/);
    return true;
  });
  await assert.rejects(odeintTensors((_t, y) => y, y0, [0, 0]), /odeintTensors: times/);
  const event = { value: () => tf.zeros([2]) };
  await assert.rejects(odeintTensors((_t, y) => y, y0, [0, 1], { events: [event] }), {
    name: "RangeError",
    message: /value must be a tensor with one element, got \[2\]/,
  });
  await assert.rejects(odeintTensors((_t, y) => y, [1] as unknown as tf.Tensor, [0, 1]), {
    name: "RangeError",
    message: /y0 must be a tensor, got object/,
  });
  const solution = await odeintTensors((_t, y) => y, y0, [0, 1]);
  await assert.rejects(solution.gradients(({ states }) => states), /loss must be.*got \[2, 1\]/);
  await assert.rejects(
    solution.gradients(({ y }) => {
      tf.exp(y);
      throw new Error("no loss");
    }),
    /no loss/,
  );
  solution.dispose();
  y0.dispose();
});

backendTest("odeintTensors() refuses options that it would ignore", ["cpu"], async () => {
  const y0 = tf.tensor1d([1]);
  const before = tf.memory().numTensors;
  const attempts: [object, RegExp][] = [
    [{ gradient: "forward" }, /gradient must be "direct" or "adjoint", got "forward"$/],
    [{ control: { kind: "adaptive", stopTimes: [0.5] } }, /has no stopTimes/],
    [{ parameters: { w: 2 } }, /parameters.w must be a tensor or a variable, got number$/],
    [{ dense: true }, /there is no option "dense"/],
  ];
  for (const [options, message] of attempts) {
    const solve = odeintTensors((_t, y) => tf.neg(y), y0, [0, 1], options);
    await assert.rejects(solve, { name: "RangeError", message });
  }
  assert.equal(tf.memory().numTensors, before);
  y0.dispose();
});
