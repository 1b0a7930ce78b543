import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { emaDecay } from "../../../src/train/optimizer/ema.ts";
import { Adam } from "../../../src/train/optimizer/optimizer.ts";
import { backendTest } from "../../support/backends.ts";

/*
 * PyTorch 1.13.1:
 *   p = torch.nn.Parameter(torch.tensor([1., -2., 3.]))
 *   opt = torch.optim.Adam([p], lr=0.1, weight_decay=wd)
 *   for s in range(4):
 *     p.grad = torch.tensor([.5, -1., 2.]) * (s - 1.5) + torch.tensor([0., 1e-4, .3])
 *     if clip: torch.nn.utils.clip_grad_norm_([p], clip)
 *     opt.step()
 * The values of p after each step, then exp_avg and exp_avg_sq.
 */
const plain = {
  weightDecay: 0,
  clip: 0,
  weights: [
    [1.100000023841858, -2.0999999046325684, 3.0999999046325684],
    [1.1871063709259033, -2.187108278274536, 3.1835429668426514],
    [1.2320232391357422, -2.2320330142974854, 3.2150588035583496],
    [1.2202805280685425, -2.220299243927002, 3.190126657485962],
  ],
  m: [0.022575000301003456, -0.04511561989784241, 0.19347001612186432],
  v: [0.0012481267331168056, 0.004992506001144648, 0.02033548429608345],
};
const decayedAndClipped = {
  weightDecay: 0.1,
  clip: 1,
  weights: [
    [1.100000023841858, -2.0999999046325684, 3.0999999046325684],
    [1.2000656127929688, -2.2001161575317383, 3.1977171897888184],
    [1.1891709566116333, -2.1916987895965576, 3.177668571472168],
    [1.1435375213623047, -2.1477930545806885, 3.1273581981658936],
  ],
  m: [0.03760233893990517, -0.07070865482091904, 0.16074183583259583],
  v: [0.00022930138220544904, 0.0008758855983614922, 0.0034473570995032787],
};

// A few units in the last place of float32: sums are in another order.
const close = (actual: ArrayLike<number>, expected: readonly number[]) => {
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i]! - value) < 1e-6 * largest, `${actual[i]} is not ${value}`)
  );
};

for (
  const [what, expected] of [["as PyTorch does", plain], [
    "with clipping and weight decay as PyTorch does",
    decayedAndClipped,
  ]] as const
) {
  backendTest(`Adam steps ${what}`, ["cpu", "webgpu"], async () => {
    const adam = new Adam(Adam.zeros(3));
    let weights = tf.tensor1d([1, -2, 3]);
    for (let step = 0; step < 4; step++) {
      const gradient = tf.tensor1d(
        [0, 1e-4, 0.3].map((add, i) => [0.5, -1, 2][i]! * (step - 1.5) + add),
      );
      const { weightDecay, clip } = expected;
      const settings = { step, lr: 0.1, weightDecay, clip, averageDecay: 0 };
      const updated = adam.update(weights, gradient, settings);
      tf.dispose([weights, gradient]);
      weights = updated;
      close(await weights.data(), expected.weights[step]!);
    }
    const { m, v } = await adam.read();
    close(m, expected.m);
    close(v, expected.v);
    weights.dispose();
    adam.dispose();
  });
}

backendTest("Adam continues from its moments bit for bit", ["cpu"], async () => {
  const gradient = tf.tensor1d([0.3, -0.7]);
  const after = async (restartAt: number) => {
    let adam = new Adam(Adam.zeros(2));
    let weights = tf.tensor1d([1, 2]);
    for (let step = 0; step < 6; step++) {
      if (step === restartAt) {
        const moments = await adam.read();
        adam.dispose();
        adam = new Adam(moments);
      }
      const settings = { step, lr: 0.01, weightDecay: 0, clip: 0, averageDecay: 0 };
      const updated = adam.update(weights, gradient, settings);
      weights.dispose();
      weights = updated;
    }
    const result = [...await weights.data()];
    weights.dispose();
    adam.dispose();
    return result;
  };
  assert.deepEqual(await after(3), await after(-1));
  gradient.dispose();
});

/** An optimizer that does not change the weights, with an average of them. */
function averageOnly(average: readonly number[]) {
  const start = Float32Array.from(average);
  const adam = new Adam(Adam.zeros(start.length), start);
  const gradient = tf.zeros([start.length]) as tf.Tensor1D;
  return {
    update: (weights: tf.Tensor1D, averageDecay: number) => {
      const settings = { step: 0, lr: 0, weightDecay: 0, clip: 0, averageDecay };
      adam.update(weights, gradient, settings).dispose();
    },
    read: () => adam.readAverage(),
    dispose: () => {
      gradient.dispose();
      adam.dispose();
    },
  };
}

backendTest("Adam's average of constant weights converges to them", ["cpu", "webgpu"], async () => {
  const average = averageOnly([5, -5]);
  const weights = tf.tensor1d([1, 2]);
  for (let step = 0; step < 200; step++) average.update(weights, emaDecay(0.9, step));
  const [a, b] = await average.read() ?? [];
  // At most 7 * 0.9^100 = 2e-4 of the start is left.
  assert.ok(Math.abs(a! - 1) < 3e-4 && Math.abs(b! - 2) < 3e-4, `${a}, ${b}`);
  weights.dispose();
  average.dispose();
});

backendTest("Adam's average uses its decay", ["cpu"], async () => {
  const average = averageOnly([0]);
  const weights = tf.tensor1d([1]);
  average.update(weights, 0.75);
  average.update(weights, 0.75);
  // 1/4, then 3/4 of that and 1/4.
  assert.deepEqual(await average.read(), Float32Array.of(0.4375));
  weights.dispose();
  average.dispose();
});

backendTest("Adam keeps an average only if given one", ["cpu"], async () => {
  const adam = new Adam(Adam.zeros(2));
  assert.equal(await adam.readAverage(), null);
  adam.dispose();
});

backendTest("Adam leaks no tensors besides the new weights", ["cpu", "webgpu"], () => {
  const adam = new Adam(Adam.zeros(5), new Float32Array(5));
  const weights = tf.ones([5]) as tf.Tensor1D, gradient = tf.ones([5]) as tf.Tensor1D;
  const before = tf.memory().numTensors;
  const settings = { step: 0, lr: 0.1, weightDecay: 0.1, clip: 1, averageDecay: 0.5 };
  const updated = adam.update(weights, gradient, settings);
  assert.equal(tf.memory().numTensors, before + 1);
  tf.dispose([weights, gradient, updated]);
  adam.dispose();
});

backendTest("Adam refuses tensors of other sizes than its moments", ["cpu"], () => {
  const adam = new Adam(Adam.zeros(3));
  const [three, four] = [tf.zeros<tf.Rank.R1>([3]), tf.zeros<tf.Rank.R1>([4])];
  for (const [weights, gradient] of [[four, four], [three, four], [four, three]] as const) {
    assert.throws(() => adam.update(weights, gradient, { step: 0, lr: 1 }), {
      name: "RangeError",
      message: `Adam: expected equal sizes, got m 3, v 3, weights ${weights.size}, ` +
        `gradient ${gradient.size}`,
    });
  }
  tf.dispose([three, four]);
  adam.dispose();
});
