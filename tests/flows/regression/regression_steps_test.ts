import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { stopWord } from "../../../src/core/stop.ts";
import { BETA1 } from "../../../src/ops/adam/contract.ts";
import { portableAdamStep } from "../../../src/ops/adam/adam_step.ts";
import { fillInputs } from "../../../src/flows/regression/fill_inputs.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { stepKeys } from "../../../src/flows/losses/fm_draws.ts";
import { mlpLayout } from "../../../src/ops/mlp_field/contract.ts";
import { mlpAt, mlpFloat64 } from "../../../src/ops/mlp_field/float64.ts";
import type { RegressionShape } from "../../../src/flows/regression/regression_sizes.ts";
import {
  type RegressionInputs,
  type RegressionState,
  RegressionSteps,
} from "../../../src/flows/regression/regression_steps.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { errorOf, numbers } from "../../ops/_builds.ts";

type Options = Parameters<typeof RegressionSteps.start>[2];

const plainly: Options = { threads: 1, build: "fastest", clip: 0, weightDecay: 0 };

function shapeOf(changes: Partial<RegressionShape>): RegressionShape {
  return { dims: 2, hidden: 6, rows: 8, averages: false, ...changes };
}

/** Weights of PyTorch's size, and zero moments. */
function fresh({ dims, hidden, averages }: RegressionShape): RegressionState {
  const { entries, size } = mlpLayout({ dims, hidden });
  const weights = numbers(size, 1);
  for (const { offset, size, initialBound } of entries) {
    for (let i = offset; i < offset + size; i++) weights[i]! *= initialBound;
  }
  const zeros = () => new Float32Array(size);
  return { weights, average: averages ? weights : null, m: zeros(), v: zeros() };
}

/** Fills in a step's inputs: a function of the step alone. */
function fill(inputs: RegressionInputs, step: number): void {
  inputs.x1.set(numbers(inputs.x1.length, 10 + step));
  inputs.x0.set(numbers(inputs.x0.length, 1000 + step));
  inputs.times.set(numbers(inputs.times.length, 5000 + step).map((z) => (z + 1) / 2));
  inputs.times.forEach((t, i) => {
    inputs.alpha[i] = Math.sin(t);
    inputs.sigma[i] = 1 - t * t;
    inputs.dAlpha[i] = Math.cos(t);
    inputs.dSigma[i] = -2 * t;
  });
}

interface Trained extends RegressionState {
  readonly losses: number[];
}

/** Takes steps, `perCall` at a time. */
async function train(
  shape: RegressionShape,
  { steps, perCall, first = 0, state = fresh(shape), ...options }: Options & {
    readonly steps: number;
    readonly perCall: number;
    readonly first?: number;
    readonly state?: RegressionState;
  },
): Promise<Trained> {
  const regression = await RegressionSteps.start(shape, state, options);
  const losses: number[] = [];
  for (let step = first; step < first + steps;) {
    const count = Math.min(perCall, first + steps - step, regression.mostSteps);
    const settings = Array.from({ length: count }, (_, i) => {
      fill(regression.inputs(i), step + i);
      return { step: step + i, lr: 0.01 / (1 + step + i), averageDecay: 0.9 };
    });
    losses.push(...regression.run(settings));
    step += count;
  }
  const trained = { ...regression.read(), losses };
  regression.dispose();
  return trained;
}

/** Loss and gradient in float64, for the inputs of a step. */
function reference(shape: RegressionShape, weights: Float32Array, step: number) {
  const { dims, rows } = shape;
  const inputs: RegressionInputs = {
    x1: new Float32Array(rows * dims),
    x0: new Float32Array(rows * dims),
    times: new Float32Array(rows),
    alpha: new Float32Array(rows),
    sigma: new Float32Array(rows),
    dAlpha: new Float32Array(rows),
    dSigma: new Float32Array(rows),
  };
  fill(inputs, step);
  const net = mlpFloat64(shape, Float64Array.from(weights));
  const gradient = new Float64Array(weights.length);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const pair = (a: Float32Array, b: Float32Array) =>
      Float64Array.from(
        { length: dims },
        (_, d) => a[row]! * inputs.x1[row * dims + d]! + b[row]! * inputs.x0[row * dims + d]!,
      );
    const x = pair(inputs.alpha, inputs.sigma), target = pair(inputs.dAlpha, inputs.dSigma);
    const at = mlpAt(net, { x, t: inputs.times[row]! }, []);
    const errors = at.velocity.map((f, d) => f - target[d]!);
    loss += errors.reduce((sum, e) => sum + e * e, 0) / (rows * dims);
    const velocity = errors.map((e) => 2 * e / (rows * dims));
    at.pullBack({ velocity, divergence: 0 }, gradient);
  }
  return { loss, gradient };
}

// After one step from zero moments the first moment is (1 - beta1) times the gradient.
for (const build of ["fastest", "plain"] as const) {
  for (const tiles of ["narrow", "wide"] as const) {
    Deno.test(`RegressionSteps has the loss and gradient of float64 [${build}, ${tiles}]`, async () => {
      for (
        const [dims, hidden, rows] of [
          ...[[1, 2, 1], [2, 6, 3], [3, 14, 17], [2, 64, 40], [5, 130, 9], [27, 36, 8]] as const,
          [2, 10, 700] as const,
        ]
      ) {
        const shape = shapeOf({ dims, hidden, rows });
        const options = { ...plainly, build, tiles, steps: 1, perCall: 1 };
        const { losses, m } = await train(shape, options);
        const { loss, gradient } = reference(shape, fresh(shape).weights, 0);
        const found = Float64Array.from(m, (value) => value / (1 - BETA1));
        const largest = Math.max(...gradient.map(Math.abs));
        const name = `${dims} dimensions, width ${hidden}, ${rows} rows`;
        assert.ok(Math.abs(losses[0]! - loss) < 3e-6 * loss, `${name}: loss ${losses[0]}, ${loss}`);
        // Float32 sums of up to 700 rows.
        const error = errorOf(found.map((g) => g / largest), gradient.map((g) => g / largest));
        assert.ok(error < 5e-6, `${name}: ${error}`);
      }
    });
  }
}

Deno.test("RegressionSteps has the gradient that finite differences of its float64 loss give", () => {
  const shape = shapeOf({ dims: 3, hidden: 6, rows: 5 });
  const { weights } = fresh(shape), { gradient } = reference(shape, weights, 0);
  for (let i = 0; i < weights.length; i += 3) {
    const h = 2 ** -10;
    const at = (change: number) => {
      const moved = weights.slice();
      moved[i]! += change;
      return { loss: reference(shape, moved, 0).loss, w: moved[i]! };
    };
    const [up, down] = [at(h), at(-h)];
    const slope = (up.loss - down.loss) / (up.w - down.w);
    assert.ok(Math.abs(slope - gradient[i]!) < 1e-5, `weight ${i}: ${slope}, ${gradient[i]}`);
  }
});

function assertSame(found: Trained, expected: Trained, name: string): void {
  for (const key of ["losses", "weights", "average", "m", "v"] as const) {
    assert.deepEqual(found[key], expected[key], `${name}: ${key}`);
  }
}

Deno.test("RegressionSteps gives the same bits for any threads, tiles and steps per call", async () => {
  for (
    const [dims, hidden, rows] of [[1, 2, 1], [2, 64, 64], [3, 26, 131], [2, 130, 3], [
      2,
      8,
      1100,
    ]] as const
  ) {
    const shape = shapeOf({ dims, hidden, rows, averages: true });
    const options = { ...plainly, clip: 0.5, weightDecay: 1e-3, steps: 12 };
    const expected = await train(shape, { ...options, perCall: 64 });
    assert.ok(expected.losses.every(Number.isFinite));
    for (const threads of [1, 2, 3]) {
      for (const perCall of [1, 7, 64]) {
        const tiles = perCall === 7 ? "wide" : "narrow";
        const found = await train(shape, { ...options, threads, perCall, tiles });
        assertSame(found, expected, `${[dims, hidden, rows]}, ${threads} threads, ${perCall}`);
      }
    }
  }
});

Deno.test("RegressionSteps makes the draws that the host makes, by any threads", async () => {
  for (
    const [dims, rows, seed] of [[2, 64, 3], [1, 13, 2 ** 40 + 5], [3, 21, 0], [5, 40, 7]] as const
  ) {
    const shape = shapeOf({ dims, rows });
    const sigmaMin = 1e-3, first = 2 ** 31, steps = [0, 1, 2];
    const model = { path: linearPath(sigmaMin), source: standardNormal };
    const results = [];
    for (const draws of [null, { slope: Math.fround(1 - sigmaMin) }]) {
      for (const threads of [1, 2]) {
        const options = { ...plainly, threads, draws };
        const regression = await RegressionSteps.start(shape, fresh(shape), options);
        const settings = steps.map((i) => {
          const inputs = regression.inputs(i), draw = { seed, step: first + i };
          inputs.x1.set(numbers(rows * dims, i));
          if (draws === null) fillInputs(inputs, model, { ...stepKeys(draw), first: 0 });
          const keys = draws === null ? {} : { keys: stepKeys(draw) };
          return { step: first + i, lr: 0.01, averageDecay: 0, ...keys };
        });
        results.push({ losses: regression.run(settings), ...regression.read() });
        regression.dispose();
      }
    }
    for (const found of results) assert.deepEqual(found, results[0], `${dims}, ${rows}`);
  }
});

Deno.test("RegressionSteps goes on from a state as if it had not stopped", async () => {
  const shape = shapeOf({ hidden: 16, rows: 20, averages: true });
  const options = { ...plainly, threads: 2, clip: 1 };
  const whole = await train(shape, { ...options, steps: 9, perCall: 4 });
  const half = await train(shape, { ...options, steps: 5, perCall: 4 });
  const rest = await train(shape, { ...options, steps: 4, perCall: 4, first: 5, state: half });
  assertSame({ ...rest, losses: [...half.losses, ...rest.losses] }, whole, "resumed");
});

Deno.test("RegressionSteps takes the step of ops/adam for its gradient", async () => {
  await openBackend("cpu");
  const shape = shapeOf({ hidden: 14, rows: 11, averages: true });
  // The norm is about 0.4: inactive, active, none.
  for (const [clip, weightDecay] of [[10, 0], [0.01, 0.02], [0, 0.1]] as const) {
    const start = fresh(shape);
    const options = { ...plainly, steps: 1, perCall: 1 };
    const plain = await train(shape, options);
    const found = await train(shape, { ...options, clip, weightDecay });
    const tensors = tf.tidy(() => {
      const vector = (values: Float32Array) => tf.tensor1d(values);
      const state = {
        ...{ weights: vector(start.weights), average: vector(start.weights) },
        ...{ m: vector(start.m), v: vector(start.v) },
      };
      const gradient = tf.div<tf.Tensor1D>(vector(plain.m), 1 - BETA1);
      const settings = { step: 0, lr: 0.01, clip, weightDecay, averageDecay: 0.9 };
      const { weights, m, v, average } = portableAdamStep(state, gradient, settings);
      return { weights, m, v, average: average! };
    });
    for (const key of ["weights", "average", "m", "v"] as const) {
      const expected = tensors[key].dataSync();
      assert.ok(errorOf(found[key]!, expected) < 1e-6, `${clip}, ${weightDecay}: ${key}`);
      tensors[key].dispose();
    }
  }
});

Deno.test("RegressionSteps.run() takes whole steps only when it is asked to stop", async () => {
  const shape = shapeOf({ rows: 9 });
  const regression = await RegressionSteps.start(shape, fresh(shape), { ...plainly, threads: 2 });
  fill(regression.inputs(0), 0);
  const before = regression.read();
  Atomics.store(stopWord, 0, 1);
  try {
    const settings = [{ step: 0, lr: 0.01, averageDecay: 0 }];
    assert.equal(regression.run(settings).length, 0);
    assert.deepEqual(regression.read(), before);
    Atomics.store(stopWord, 0, 0);
    assert.equal(regression.run(settings).length, 1);
    assert.notDeepEqual(regression.read().weights, before.weights);
  } finally {
    Atomics.store(stopWord, 0, 0);
    regression.dispose();
  }
});

Deno.test("RegressionSteps rejects what its memory does not hold", async () => {
  const shape = shapeOf({});
  const state = fresh(shape);
  const start = (changes: Partial<RegressionShape>, given = state) =>
    RegressionSteps.start(shapeOf(changes), given, plainly);
  for (
    const wrong of [{ rows: 0 }, { hidden: 8 }, { dims: 1.5 }, { rows: NaN }, { averages: true }]
  ) {
    await assert.rejects(start(wrong), RangeError);
  }
  await assert.rejects(start({}, { ...state, v: state.v.slice(1) }), RangeError);
  await assert.rejects(start({ rows: 2 ** 40 }), RangeError);
  const regression = await start({});
  assert.throws(() => regression.inputs(regression.mostSteps), RangeError);
  assert.throws(() => regression.inputs(0.5), RangeError);
  const settings = { step: 0, lr: 1, averageDecay: 0 };
  assert.throws(() => regression.run([]), RangeError);
  assert.throws(
    () => regression.run(new Array(regression.mostSteps + 1).fill(settings)),
    RangeError,
  );
  regression.dispose();
  assert.throws(() => regression.run([settings]), /disposed/);
});
