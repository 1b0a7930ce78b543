import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { callerKey } from "../../../src/core/random/subsequences.ts";
import { drawPairs, piecePairs, regressionOf } from "../../../src/flows/losses/fm_pairs.ts";
import { newModel } from "../../../src/flows/new_model.ts";
import { variancePreservingPath } from "../../../src/flows/paths/variance_preserving_path.ts";
import { logitNormalTimes } from "../../../src/flows/times/logit_normal_times.ts";
import { uniformTimes } from "../../../src/flows/times/uniform_times.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { backendTest } from "../../support/backends.ts";

const keys = {
  noiseKey: callerKey(1),
  timesKey: callerKey(2),
  couplingKey: callerKey(3),
};
const image = { height: 2, width: 3, channels: 1 } as const;

backendTest(
  "pairs of pieces are those of the batch, with times of the device too",
  ["webgpu"],
  async () => {
    const model = newModel("fm", resnetNetwork({ ...image, filters: 4, blocks: 1 }));
    const batch = tf.ones([7, 6]) as tf.Tensor2D;
    const valuesOf = async (points: ReturnType<typeof regressionOf>) => {
      const { x, target, times } = points;
      assert.ok(times instanceof tf.Tensor);
      const values = await Promise.all([x, target, times].map((tensor) => tensor.data()));
      tf.dispose([x, target, times]);
      return values.map((numbers) => [...numbers]);
    };
    const pairs = drawPairs(model, batch, { ...keys, first: 5 });
    const whole = await valuesOf(regressionOf(model, pairs));
    assert.deepEqual(whole[2], [...uniformTimes.draw(keys.timesKey, { first: 5, count: 7 })]);
    const pieces: number[][][] = [];
    for (const piece of [{ first: 0, count: 3 }, { first: 3, count: 4 }]) {
      pieces.push(
        await valuesOf(tf.tidy(() => ({ ...regressionOf(model, piecePairs(pairs, piece)) }))),
      );
    }
    assert.deepEqual(whole.map((_, i) => pieces.flatMap((values) => values[i]!)), whole);
    batch.dispose();
    model.parameters.dispose();
  },
);

backendTest(
  "the host draws times that the device does not know, or a network needs",
  ["webgpu"],
  () => {
    const resnet = resnetNetwork({ ...image, filters: 4, blocks: 1 });
    const batch = tf.ones([2, 6]) as tf.Tensor2D;
    const kindOf = (
      network: Parameters<typeof newModel>[1],
      { path, times }: {
        readonly path?: typeof variancePreservingPath;
        readonly times?: typeof uniformTimes;
      } = {},
    ) => {
      const model = newModel("fm", network, path && { path });
      model.parameters.dispose();
      return drawPairs(model, batch, { ...keys, first: 0, ...(times && { times }) }).kind;
    };
    assert.equal(kindOf(resnet), "deviceTimes");
    assert.equal(kindOf(resnet, { path: variancePreservingPath }), "hostTimes");
    assert.equal(kindOf(resnet, { times: logitNormalTimes() }), "hostTimes");
    assert.equal(kindOf(mlpNetwork({ dims: 6, hidden: 4 })), "hostTimes");
    batch.dispose();
  },
);
