import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { type Coupling, independentCoupling } from "../../../src/flows/couplings/coupling.ts";
import { minibatchTransport } from "../../../src/flows/couplings/minibatch_transport.ts";
import type { FlowMatchingOptions } from "../../../src/flows/losses/fm_draws.ts";
import { flowMatchingLoss, fmLoss, fmLossAndGradient } from "../../../src/flows/losses/fm_loss.ts";
import type { FlowModel } from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { variancePreservingPath } from "../../../src/flows/paths/variance_preserving_path.ts";
import { eightGaussiansSource } from "../../../src/flows/sources/eight_gaussians.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { logitNormalTimes } from "../../../src/flows/times/logit_normal_times.ts";
import { uniformTimes } from "../../../src/flows/times/uniform_times.ts";
import { eightGaussians } from "../../../src/data/densities/eight_gaussians.ts";
import { moons } from "../../../src/data/densities/moons.ts";
import { Parameters } from "../../../src/core/parameters.ts";
import { fillNormal, permutation } from "../../../src/core/random/random.ts";
import { callerKey, keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { meanAndStdErr } from "../../../src/metrics/statistics.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { backendTest } from "../../support/backends.ts";

const network = mlpNetwork({ dims: 2, hidden: 8 });
const { layout } = network;
const rows = moons.draw({ seed: 1, from: subsequences.dataSet }, 64).points;

const paths = [linearPath(0), variancePreservingPath];
const couplings = [independentCoupling, minibatchTransport];
const samplers = [uniformTimes, logitNormalTimes()];
const sources = [standardNormal, eightGaussiansSource];

function modelWith(
  values: Pick<FlowModel, "path" | "source">,
  weights: Float32Array = initialParameters(network, 0),
): FlowModel {
  const parameters = Parameters.fromFlat(layout, weights);
  return { kind: "fm", network, parameters, standardization: null, ...values };
}

async function readLoss(
  model: FlowModel,
  options: FlowMatchingOptions & { readonly mostRows?: number },
) {
  const batch = tf.tensor2d(rows, [64, 2]);
  try {
    const { loss, gradient } = fmLossAndGradient(model, batch, { seed: 0, step: 5 }, options);
    const read = { loss: (await loss.data())[0]!, gradient: await gradient.data<"float32">() };
    tf.dispose([loss, gradient]);
    return read;
  } finally {
    batch.dispose();
  }
}

for (const path of paths) {
  for (const source of sources) {
    for (const coupling of couplings) {
      for (const times of samplers) {
        const name = [path, source, coupling, times].map((value) => value.name).join(", ");
        backendTest(`fmLossAndGradient() has the slope of its loss: ${name}`, ["cpu"], async () => {
          const weights = initialParameters(network, 0);
          const at = async (moved: Float32Array, mostRows?: number) => {
            const model = modelWith({ path, source }, moved);
            const read = await readLoss(model, {
              coupling,
              times,
              ...(mostRows === undefined ? {} : { mostRows }),
            });
            model.parameters.dispose();
            return read;
          };
          const { loss, gradient } = await at(weights);
          const norm = Math.hypot(...gradient);
          const step = 0.01 / norm;
          const [ahead, behind] = [1, -1].map((sign) =>
            at(weights.map((weight, i) => weight + sign * step * gradient[i]!))
          );
          const slope = ((await ahead!).loss - (await behind!).loss) / (2 * step);
          assert.ok(Math.abs(slope / norm ** 2 - 1) < 0.01, `${slope} for ${norm ** 2}`);
          // Split into pieces, rows keep the pairs of the whole batch.
          const cut = await at(weights, 20);
          assert.ok(Math.abs(cut.loss - loss) < 1e-5 * loss, `${cut.loss} for ${loss}`);
          cut.gradient.forEach((value, i) =>
            assert.ok(Math.abs(value - gradient[i]!) < 1e-5 * norm, `entry ${i}`)
          );
        });
      }
    }
  }
}

backendTest("flowMatchingLoss() couples a batch on any device", ["cpu", "webgpu"], async () => {
  const model = modelWith({ path: variancePreservingPath, source: eightGaussiansSource });
  const coupling = minibatchTransport, draw = { seed: 0, step: 5 };
  // Computed on the device, so that reading it is a read-back.
  const batch = tf.tidy(() => tf.add(tf.tensor2d(rows, [64, 2]), 0)) as tf.Tensor2D;
  const found = await flowMatchingLoss({ coupling }).lossAndGradient(model, batch, draw);
  const given = fmLossAndGradient(model, batch, draw, { coupling, x1: rows });
  assert.deepEqual(await found.gradient.data(), await given.gradient.data());
  const plain = fmLossAndGradient(model, batch, draw);
  assert.notDeepEqual(await found.loss.data(), await plain.loss.data());
  const density = tf.tidy(() => eightGaussiansSource.logDensity!(batch));
  const truth = eightGaussians.density.logDensity(rows);
  (await density.data()).forEach((value, i) =>
    assert.ok(Math.abs(value - truth[i]!) < 1e-3, `${i}: ${value}`)
  );
  for (const { loss, gradient } of [found, given, plain]) tf.dispose([loss, gradient]);
  tf.dispose([batch, density]);
  model.parameters.dispose();
});

// A network of zero weights predicts zero: its loss is the mean square of the target.
const zeros = new Float32Array(layout.size);

backendTest("fmLoss() of straight pairs decreases with optimal transport", ["cpu"], async () => {
  for (const source of sources) {
    const model = modelWith({ path: linearPath(0), source }, zeros);
    const independent = await fmLoss(model, rows, { seed: 0 });
    const transported = await fmLoss(model, rows, { seed: 0, coupling: minibatchTransport });
    model.parameters.dispose();
    // W2^2 between the clouds is far below the mean squared distance of independent pairs.
    assert.ok(transported.loss < 0.7 * independent.loss, `${source.name}: ${transported.loss}`);
    assert.ok(transported.lossStdErr < independent.lossStdErr);
  }
});

backendTest(
  "fmLoss() of a zero network is the target's exact mean square, for each path and source",
  ["cpu"],
  async () => {
    // All data at 0, so the target is sigma' x0, with mean square E[sigma'^2] E|x0|^2 / 2.
    const nothing = new Float32Array(2 * 20_000);
    const radius = 4 / Math.SQRT2, deviation = 0.5 / Math.SQRT2;
    const square = {
      "standard-normal": 1,
      "8gaussians": radius ** 2 / 2 + deviation ** 2,
    } as const;
    // sigma' = -1, and the mean of (pi / 2)^2 sin^2(pi t / 2): pi^2 / 8.
    for (
      const [path, slope] of [[linearPath(0), 1], [
        variancePreservingPath,
        Math.PI ** 2 / 8,
      ]] as const
    ) {
      for (const source of sources) {
        const model = modelWith({ path, source }, zeros);
        const { loss, lossStdErr } = await fmLoss(model, nothing, { seed: 0 });
        model.parameters.dispose();
        const expected = slope * square[source.name as keyof typeof square];
        assert.ok(
          Math.abs(loss - expected) < 4 * lossStdErr,
          `${path.name}, ${source.name}: ${loss}`,
        );
      }
    }
  },
);

backendTest("fmLoss()'s standard error is the spread over new rows", ["cpu"], async () => {
  const model = modelWith({ path: linearPath(0), source: standardNormal }, zeros);
  const deviations = [1, 2];
  for (const coupling of [independentCoupling, minibatchTransport]) {
    const losses: number[] = [], squares: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      // Four batches, the last one shorter.
      const normals = fillNormal(callerKey(seed), 0, new Float32Array(2 * 850));
      const points = normals.map((z, i) => 3 + deviations[i % 2]! * z);
      const { loss, lossStdErr } = await fmLoss(model, points, { seed, coupling });
      losses.push(loss);
      squares.push(lossStdErr ** 2);
    }
    const spread = meanAndStdErr(losses).stdErr * Math.sqrt(losses.length);
    const ratio = spread / Math.sqrt(meanAndStdErr(squares).mean);
    // 40 losses, 4 batches each: the ratio scatters by 0.13 around 1. The spread of coupled pairs
    // would make it 3.
    assert.ok(ratio > 0.6 && ratio < 1.5, `${coupling.name}: ${ratio}`);
  }
  model.parameters.dispose();
});

backendTest("fmLoss() weighs times by their distribution", ["cpu"], async () => {
  // As above, on the variance-preserving path: the mean of (pi / 2)^2 sin^2(pi t / 2) over times
  // with a logit normal around 2, by the trapezoidal rule.
  const times = logitNormalTimes({ mean: 2 });
  let expected = 0;
  for (let z = -8; z <= 8; z += 1 / 64) {
    const t = 1 / (1 + Math.exp(-(2 + z)));
    const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    expected += (Math.PI / 2 * Math.sin(Math.PI / 2 * t)) ** 2 * density / 64;
  }
  const model = modelWith({ path: variancePreservingPath, source: standardNormal }, zeros);
  const found = await fmLoss(model, new Float32Array(2 * 5000), { seed: 0, times });
  model.parameters.dispose();
  assert.ok(Math.abs(found.loss - expected) < 4 * found.lossStdErr, `${found.loss}, ${expected}`);
  assert.ok(expected - Math.PI ** 2 / 8 > 20 * found.lossStdErr, "far from uniform times");
});

backendTest(
  "fmLossAndGradient() follows a caller's coupling and checks its indices",
  ["cpu"],
  async () => {
    const model = modelWith({ path: linearPath(0), source: standardNormal });
    const count = 64;
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    const coupling = (x0: Uint32Array, x1: Uint32Array): Coupling => ({
      name: "own",
      pair: () => ({ x0, x1 }),
    });
    const plain = await readLoss(model, {});
    const same = await readLoss(model, { coupling: coupling(order, order) });
    assert.equal(same.loss, plain.loss);
    // All pairs are draw 3 and row 5: a zero network errs by half their squared distance.
    const still = modelWith({ path: linearPath(0), source: standardNormal }, zeros);
    const [three, five] = [3, 5].map((index) => new Uint32Array(count).fill(index));
    const { loss } = await readLoss(still, { coupling: coupling(three!, five!) });
    still.parameters.dispose();
    const key = keyOf(subsequences.noise, 0, 5);
    const [x, y] = standardNormal.draw(key, { first: 3, count: 1, width: 2 });
    const expected = ((rows[10]! - x!) ** 2 + (rows[11]! - y!) ** 2) / 2;
    assert.ok(Math.abs(loss - expected) < 1e-5 * expected, `${loss} for ${expected}`);
    const refused: [Uint32Array, string][] = [
      [order.subarray(1), "64 indices, got 63"],
      [order.map((i) => i + 1), "whole numbers below 64, got 64 at 63"],
      [new Array(count) as never, "whole numbers below 64, got undefined at 0"],
    ];
    for (const [bad, message] of refused) {
      for (const own of [coupling(bad, order), coupling(order, bad)]) {
        await assert.rejects(readLoss(model, { coupling: own }), {
          name: "RangeError",
          message: `coupling own: expected ${message}`,
        });
      }
    }
    model.parameters.dispose();
  },
);

backendTest("a coupling that draws gets its own words for every batch", ["cpu"], async () => {
  const model = modelWith({ path: linearPath(0), source: standardNormal });
  const seen: string[] = [];
  const shuffled: Coupling = {
    name: "shuffled",
    pair({ count, key }) {
      seen.push(JSON.stringify(key));
      const order = permutation(key, count);
      return { x0: order, x1: order.toReversed() };
    },
  };
  const step = async (step: number) => {
    const batch = tf.tensor2d(rows, [64, 2]);
    const { loss, gradient } = fmLossAndGradient(model, batch, { seed: 0, step }, {
      coupling: shuffled,
    });
    const value = (await loss.data())[0];
    tf.dispose([batch, loss, gradient]);
    return value;
  };
  assert.equal(await step(1), await step(1));
  await step(2);
  const many = Float32Array.from({ length: 2 * 600 }, (_, i) => rows[i % rows.length]!);
  await fmLoss(model, many, { seed: 0, coupling: shuffled });
  model.parameters.dispose();
  // Two steps, one of them twice, and three batches of an evaluation.
  assert.equal(seen.length, 6);
  assert.equal(new Set(seen).size, 5);
});
