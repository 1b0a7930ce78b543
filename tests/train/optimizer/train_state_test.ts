import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { initialParameters } from "../../../src/nn/init.ts";
import type { Network } from "../../../src/nn/network.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { clearStop, stopWord, throwIfStopped } from "../../../src/core/stop.ts";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { TrainState } from "../../../src/train/optimizer/train_state.ts";
import { Adam } from "../../../src/train/optimizer/optimizer.ts";
import { backendTest } from "../../support/backends.ts";

const network: Network = mlpNetwork({ dims: 2, hidden: 4 });
const start = initialParameters(network, 1);

/** The state after one step along a gradient of `slope` everywhere, and its weights. */
async function afterOneStep(
  options: TrainOptions,
  slope: number,
  around: (update: () => void) => void = (update) => update(),
) {
  const config = resolveConfig("fm", null, { data: "moons", hidden: 4, ...options });
  const state = new TrainState(config, network, {
    weights: start,
    ema: null,
    standardization: null,
    moments: Adam.zeros(start.length),
  });
  const gradient = tf.fill([start.length], slope) as tf.Tensor1D;
  around(() => state.update(gradient, 0));
  gradient.dispose();
  const read = await state.read();
  const sampled = await state.sampledWeights();
  state.dispose();
  return { ...read, sampled };
}

function near(actual: ArrayLike<number>, expected: (i: number) => number, relative = 1e-4): void {
  for (let i = 0; i < actual.length; i++) {
    const gap = Math.abs(actual[i]! - expected(i));
    assert.ok(gap <= relative * Math.abs(expected(i)) + 1e-7, `${i}: ${actual[i]}, ${expected(i)}`);
  }
}

backendTest("TrainState steps at the schedule's rate", ["cpu"], async () => {
  const { weights } = await afterOneStep({ lr: 0.5, warmup: 10, clip: 0, ema: 0 }, 3);
  // Adam's first step has the size of the learning rate, against the gradient's sign.
  near(weights, (i) => start[i]! - 0.05);
});

backendTest("TrainState clips the gradient before Adam sees it", ["cpu"], async () => {
  const { moments } = await afterOneStep({ clip: 2, weightDecay: 0 }, 3);
  near([Math.hypot(...moments.m) / 0.1], () => 2);
  const whole = await afterOneStep({ clip: 0, weightDecay: 0 }, 3);
  near(whole.moments.m, () => 0.3);
});

backendTest("TrainState applies weight decay", ["cpu"], async () => {
  const { moments } = await afterOneStep({ clip: 0, weightDecay: 0.25 }, 0);
  near(moments.m, (i) => 0.1 * 0.25 * start[i]!);
});

backendTest("TrainState samples from the average if it keeps one", ["cpu"], async () => {
  const averaged = await afterOneStep({ ema: 0.99, lr: 0.5, warmup: 0 }, 1);
  assert.deepEqual(averaged.sampled, averaged.ema);
  // The first decay is a tenth.
  near(averaged.ema!, (i) => 0.1 * start[i]! + 0.9 * averaged.weights[i]!);
  const plain = await afterOneStep({ ema: 0, lr: 0.5, warmup: 0 }, 1);
  assert.equal(plain.ema, null);
  assert.deepEqual(plain.sampled, plain.weights);
});

backendTest("TrainState completes a step even if asked to stop", ["cpu"], async () => {
  const options = { ema: 0.9, clip: 1, lr: 0.1 };
  const undisturbed = await afterOneStep(options, 3);
  const stopped = await afterOneStep(options, 3, (update) => {
    Atomics.store(stopWord, 0, 1);
    try {
      assert.throws(throwIfStopped, { name: "Stopped" });
      update();
    } finally {
      clearStop();
    }
  });
  assert.deepEqual(stopped, undisturbed);
});
