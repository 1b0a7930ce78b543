import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { eightGaussians } from "../../../src/data/densities/eight_gaussians.ts";
import { cnfLossAndGradient } from "../../../src/flows/losses/cnf_loss.ts";
import { logProb } from "../../../src/flows/log_prob.ts";
import { accurateSolve, type FlowModel } from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { sample } from "../../../src/flows/sample.ts";
import { eightGaussiansSource } from "../../../src/flows/sources/eight_gaussians.ts";
import type { Source } from "../../../src/flows/sources/source.ts";
import { Parameters } from "../../../src/core/parameters.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { openDevice } from "../../../src/ode/engines/open_device.ts";
import { backendTest } from "../../support/backends.ts";

const network = mlpNetwork({ dims: 2, hidden: 8 });
const count = 40;
const { points } = eightGaussians.draw({ seed: 2, from: subsequences.dataSet }, count);

function modelWith(weights: Float32Array, source: Source = eightGaussiansSource): FlowModel {
  const parameters = Parameters.fromFlat(network.layout, weights);
  return { kind: "cnf", network, parameters, path: linearPath(0), source, standardization: null };
}

backendTest("a flow with zero velocity has its source's density and draws", ["cpu"], async () => {
  const model = modelWith(new Float32Array(network.layout.size));
  const { engines } = await openDevice("cpu");
  const { logProb: found } = await logProb(model, engines, points);
  const truth = eightGaussians.density.logDensity(points);
  found.forEach((value, i) => assert.ok(Math.abs(value - truth[i]!) < 1e-4, `${i}: ${value}`));
  const drawn = await sample(model, engines, {
    count,
    seed: 3,
    withLogProb: { trace: { kind: "exact" } },
  });
  const rows = { first: 0, count, width: 2 };
  assert.deepEqual(
    drawn.samples,
    eightGaussiansSource.draw(keyOf(subsequences.samplePrior, 3), rows),
  );
  const ofDrawn = eightGaussians.density.logDensity(drawn.samples);
  drawn.logProb!.forEach((value, i) => assert.ok(Math.abs(value - ofDrawn[i]!) < 1e-4, `${i}`));
  model.parameters.dispose();
});

backendTest(
  "cnfLossAndGradient() has the slope of logProb() under another source",
  ["cpu"],
  async () => {
    const { engines } = await openDevice("cpu");
    const settings = {
      ...accurateSolve,
      trace: { kind: "exact" },
      gradient: { kind: "direct" },
    } as const;
    const weights = initialParameters(network, 0);
    const batch = tf.tensor2d(points, [count, 2]);
    const model = modelWith(weights);
    const { loss, gradient } = await cnfLossAndGradient(model, engines, batch, settings, {
      seed: 0,
      step: 0,
    });
    const direction = await gradient.data<"float32">();
    const nll = async (moved: Float32Array) => {
      const model = modelWith(moved);
      const { logProb: nats } = await logProb(model, engines, points);
      model.parameters.dispose();
      return -nats.reduce((sum, value) => sum + value, 0) / count;
    };
    assert.ok(Math.abs((await loss.data())[0]! - await nll(weights)) < 1e-4);
    const norm = Math.hypot(...direction), step = 0.02 / norm;
    const at = (sign: number) => nll(weights.map((w, i) => w + sign * step * direction[i]!));
    const slope = (await at(1) - await at(-1)) / (2 * step);
    // Solves at 1e-5, float32 sums of 40 rows.
    assert.ok(Math.abs(slope / norm ** 2 - 1) < 0.02, `${slope} for ${norm ** 2}`);
    tf.dispose([batch, loss, gradient]);
    model.parameters.dispose();
  },
);

backendTest("likelihoods of a source without a density are refused", ["cpu"], async () => {
  const source = { ...eightGaussiansSource, name: "dust", logDensity: null };
  const model = modelWith(initialParameters(network, 0), source);
  const { engines } = await openDevice("cpu");
  const message = "log-likelihoods need a source with a known density; dust has none";
  await assert.rejects(logProb(model, engines, points), { name: "InputError", message });
  const withLogProb = { trace: { kind: "exact" } } as const;
  await assert.rejects(sample(model, engines, { count, withLogProb }), { message });
  assert.equal((await sample(model, engines, { count })).samples.length, 2 * count);
  model.parameters.dispose();
});
