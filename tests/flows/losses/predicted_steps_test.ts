import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../../src/core/parameters.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { predictedStepsOfNumbers } from "../../../src/flows/losses/number_predicted_steps.ts";
import { predictedSteps } from "../../../src/flows/losses/predicted_steps.ts";
import { accurateSolve, type FlowModel } from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { velocityField } from "../../../src/flows/velocity_field.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import type { Network } from "../../../src/nn/network.ts";
import { simdEngine } from "../../../src/ode/engines/cpu/simd_engine.ts";
import { type Engines, enginesInOrder } from "../../../src/ode/engines/engines.ts";
import { portableEngine } from "../../../src/ode/engines/portable/portable_engine.ts";
import { backendTest } from "../../support/backends.ts";
import { linear } from "../../support/own_networks.ts";

const exact = { kind: "exact" } as const;
const portable = enginesInOrder(portableEngine("host"));

function modelOf(network: Network, weights: Float32Array): FlowModel {
  const parameters = Parameters.fromFlat(network.layout, weights);
  const path = linearPath(0);
  return { kind: "cnf", network, parameters, path, source: standardNormal, standardization: null };
}

/** Five control groups of 8 rows, of which the first three are predicted. */
const rows = fillNormal(keyOf(subsequences.caller, 8, 41), 0, new Float32Array(80));

/** The prediction over tensors. */
async function found(model: FlowModel, engines: Engines, step: number) {
  const batch = tf.tensor2d(rows, [rows.length / 2, 2]);
  const { steps, gradient } = await predictedSteps(model, engines, batch, {
    ...{ trace: exact, settings: accurateSolve, step },
  });
  const result = { steps: steps.dataSync()[0]!, gradient: gradient.dataSync().slice() };
  tf.dispose([batch, steps, gradient]);
  return result;
}

/** The prediction over numbers; as in a tensor, its steps are a float32 number. */
async function foundNumbers(model: FlowModel, engines: Engines, step: number) {
  const batch = { shape: [rows.length / 2, 2] as const, values: rows };
  const { steps, gradient } = await predictedStepsOfNumbers(model, engines, batch, {
    ...{ trace: exact, settings: accurateSolve, step },
  });
  return { steps: Math.fround(steps), gradient };
}

const forms = { predictedSteps: found, predictedStepsOfNumbers: foundNumbers };

const near = (value: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(value - expected) < tolerance * Math.abs(expected), `${value} ${expected}`);

backendTest("predictedSteps() of a linear field is that of dopri5's polynomial", [
  "cpu",
], async () => {
  // Its error estimate of a solution of x' = m x is x times this in a step of z = m h: from the
  // fractions of the tableau by exact arithmetic.
  const errorAt = (z: number) => -97 / 180_000 * z ** 5 + 13 / 60_000 * z ** 6 - z ** 7 / 36_000;
  const rates = [Math.fround(12), Math.fround(-20)];
  const step = 4, t = 0.95 * ((5 * (Math.sqrt(5) - 1) / 2) % 1);
  // The positions are held fixed while the rates of the last step move.
  const stepsAt = (moved: readonly number[]) => {
    let sum = 0;
    for (const [first, end] of [[0, 8], [8, 16], [16, 24]] as const) {
      let squares = 0;
      for (let i = 2 * first; i < 2 * end; i++) {
        const at = rows[i]! * Math.exp(rates[i % 2]! * t);
        squares += (at * errorAt(0.05 * moved[i % 2]!) / 1e-5) ** 2;
      }
      sum += (1 + squares / (2 * (end - first))) ** 0.1 / 0.05 / 3;
    }
    return sum;
  };
  const model = modelOf(linear, Float32Array.of(rates[0]!, 0, 0, rates[1]!, 0, 0));
  const { steps, gradient } = await found(model, portable, step);
  near(steps, stepsAt(rates), 1e-3);
  rates.forEach((_, d) => {
    const moved = (by: number) => stepsAt(rates.map((rate, i) => i === d ? rate + by : rate));
    const expected = (moved(1e-4) - moved(-1e-4)) / 2e-4;
    near(gradient[3 * d]!, expected, 0.01);
  });
  model.parameters.dispose();
});

for (const [name, find] of Object.entries(forms)) {
  backendTest(`${name}() has the gradient of its finite difference`, ["cpu"], async () => {
    const network = mlpNetwork({ dims: 2, hidden: 8 });
    const weights = initialParameters(network, 3).map((weight) => 4 * weight);
    const engines = enginesInOrder(simdEngine({ threads: 1 }));
    const at = async (values: Float32Array) => {
      const model = modelOf(network, values);
      // A Fibonacci number times the golden ratio is nearly whole: t is 8e-7, so that the positions,
      // which the gradient holds fixed, are the batch whatever the weights are.
      const prediction = await find(model, engines, 514_229 - 1);
      model.parameters.dispose();
      return prediction;
    };
    const { gradient } = await at(weights);
    const norm = Math.hypot(...gradient);
    const moved = async (by: number) =>
      (await at(weights.map((weight, i) => weight + by * gradient[i]! / norm))).steps;
    // The errors are small differences of float32 numbers: 8.040 steps per unit, the norm is 8.049.
    near((await moved(0.01) - await moved(-0.01)) / 0.02, norm, 0.01);
  });

  backendTest(`${name}() predicts the steps of a solve at 1e-5`, ["cpu"], async () => {
    const network = mlpNetwork({ dims: 2, hidden: 16 });
    const model = modelOf(network, initialParameters(network, 3).map((weight) => 3 * weight));
    const engine = simdEngine({ threads: 1 });
    const engines = enginesInOrder(engine);
    let sum = 0;
    for (let step = 0; step < 40; step++) sum += (await find(model, engines, step)).steps / 40;
    const y0 = tf.tensor2d(
      Array.from({ length: 24 }, (_, i) => [rows[2 * i]!, rows[2 * i + 1]!, 0]),
    );
    const field = velocityField(model, exact);
    const solution = await engine.solve({
      ...{ field, y0, t0: 0, t1: 1, ...accurateSolve, keep: { kind: "end" } },
    });
    const reports = await engine.report(solution)();
    const accepted = reports.reduce((sum, report) => sum + report.accepted, 0) / reports.length;
    // The estimate is of one step size, the solve's steps vary; it was 1.07 times as many.
    assert.ok(sum > 0.7 * accepted && sum < 1.5 * accepted, `${sum} predicted, ${accepted} taken`);
    solution.dispose();
    y0.dispose();
    model.parameters.dispose();
  });
}

backendTest("predictedSteps() is the same of every form of a field, on any number of threads", [
  "cpu",
], async () => {
  const network = mlpNetwork({ dims: 2, hidden: 8 });
  const { fused: _, ...own } = network;
  const model = modelOf(network, initialParameters(network, 3).map((weight) => 8 * weight));
  const fused = await found(model, enginesInOrder(simdEngine({ threads: 1 })), 3);
  const largest = Math.max(...fused.gradient.map(Math.abs));
  for (const find of Object.values(forms)) {
    assert.deepEqual(await find(model, enginesInOrder(simdEngine({ threads: 3 })), 3), fused);
  }
  for (const other of [model, { ...model, network: own }]) {
    const reference = await found(other, portable, 3);
    // An error is a small difference of float32 numbers near 1, and so is its gradient.
    near(reference.steps, fused.steps, 1e-3);
    const far = Math.max(
      ...fused.gradient.map((value, i) => Math.abs(value - reference.gradient[i]!)),
    );
    assert.ok(far < 0.03 * largest, `${far} of ${largest}`);
  }
  model.parameters.dispose();
});

backendTest("predictedSteps() keeps no tensor, and says why a solve failed", ["cpu"], async () => {
  const network = mlpNetwork({ dims: 2, hidden: 8 });
  const model = modelOf(network, initialParameters(network, 3));
  const engines = enginesInOrder(simdEngine({ threads: 1 }));
  await found(model, engines, 1);
  const before = tf.memory().numTensors;
  await found(model, engines, 2);
  assert.equal(tf.memory().numTensors, before);
  const batch = tf.tensor2d(rows, [rows.length / 2, 2]);
  const settings = { ...accurateSolve, maxSteps: 1 };
  await assert.rejects(
    predictedSteps(model, engines, batch, { trace: exact, settings, step: 1 }),
    { name: "FailureError", message: /1 step/ },
  );
  batch.dispose();
  assert.equal(tf.memory().numTensors, before);
  model.parameters.dispose();
});
