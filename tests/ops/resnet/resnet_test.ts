import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import type { ResnetSizes } from "../../../src/nn/resnet/sizes.ts";
import { valueAndGradients } from "../../../src/ops/gradients.ts";
import { meanSquaredError } from "../../../src/ops/mean_squared_error/mean_squared_error.ts";
import {
  resnetKernels,
  supportsResnet,
  supportsResnetSquaredError,
} from "../../../src/ops/resnet/cpu.ts";
import { buildsTest, numbers } from "../_builds.ts";

interface Case extends ResnetSizes {
  readonly n: number;
}

/** Several images per portion; portions of one; three channels; an image of one pixel. */
const cases: readonly Case[] = [
  { n: 19, height: 5, width: 6, channels: 1, filters: 8, blocks: 3 },
  { n: 5, height: 9, width: 7, channels: 3, filters: 12, blocks: 2 },
  { n: 9, height: 1, width: 1, channels: 2, filters: 8, blocks: 1 },
];

/** Velocity, loss and gradients, each by the whole network's operation and by one per layer. */
function both({ n, ...sizes }: Case) {
  const network = resnetNetwork(sizes), width = network.rowWidth;
  const values = initialParameters(network, 0).map((w, i) => w + 0.1 * Math.sin(i));
  const t = numbers(n, 0.1);
  return tf.tidy(() => {
    const [x, target] = [0.2, 0.3].map((phase) =>
      tf.tensor2d(numbers(n * width, phase), [n, width])
    ) as [tf.Tensor2D, tf.Tensor2D];
    const parameters = network.layout.entries.map(({ offset, size, deviceShape }) =>
      tf.tensor(values.subarray(offset, offset + size), [...deviceShape])
    );
    const whole = valueAndGradients(
      (...parameters) => network.squaredError!(parameters, x, { t }, target)!,
      parameters,
    );
    let velocities: Float32Array | undefined;
    const layers = valueAndGradients((...parameters) => {
      const velocity = network.apply(parameters, x, { t });
      velocities = velocity.dataSync() as Float32Array;
      return meanSquaredError(velocity, target);
    }, parameters);
    const read = (...tensors: tf.Tensor[]) => tensors.map((tensor) => tensor.dataSync());
    return [
      read(network.apply(parameters, x, { t }), whole.value, ...whole.gradients),
      [velocities, ...read(layers.value, ...layers.gradients)],
    ] as const;
  });
}

buildsTest("a ResNet as one operation has the bits of one operation per layer", (backendName) => {
  const counts: Record<string, number> = {};
  for (const name of Object.values(resnetKernels)) {
    const config = tf.getKernel(name, backendName);
    tf.unregisterKernel(name, backendName);
    const kernelFunc: tf.KernelFunc = (call) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return config.kernelFunc(call);
    };
    tf.registerKernel({ ...config, kernelFunc });
  }
  for (const at of cases) {
    const [whole, layers] = both(at);
    assert.deepEqual(whole, layers, JSON.stringify(at));
  }
  for (const name of Object.values(resnetKernels)) assert.equal(counts[name], cases.length, name);
});

Deno.test("a ResNet as one operation has the same bits on any number of threads", async () => {
  const results: unknown[] = [];
  for (const threads of [1, 2, 3]) {
    await openBackend("cpu", { threads });
    results.push(both(cases[0]!)[0]);
  }
  await openBackend("cpu");
  for (const result of results) assert.deepEqual(result, results[0]);
});

Deno.test("resnetSquaredError() is multiplied by the cotangent of the loss", async () => {
  await openBackend("cpu");
  const { n, ...sizes } = cases[0]!;
  const network = resnetNetwork(sizes), width = network.rowWidth;
  tf.tidy(() => {
    const x = tf.tensor2d(numbers(n * width, 0.4), [n, width]), target = tf.zerosLike(x);
    const bias = tf.tensor(numbers(8, 0.5));
    const loss = (scale: number) => (bias: tf.Tensor) => {
      const parameters = network.layout.entries.map(({ deviceShape }, i) =>
        i === 1 ? bias : tf.fill([...deviceShape], 0.1)
      );
      return tf.mul(network.squaredError!(parameters, x, { t: numbers(n, 0.6) }, target)!, scale);
    };
    const [once, twice] = [1, 2].map((scale) => {
      const [gradient] = valueAndGradients(loss(scale) as (bias: tf.Tensor) => tf.Scalar, [bias])
        .gradients;
      return [...gradient!.dataSync()];
    });
    assert.deepEqual(twice, once!.map((value) => 2 * value));
    assert.ok(once!.some((value) => value !== 0));
  });
});

Deno.test("supportsResnet() leaves other sizes and longer chains to one operation per layer", () => {
  const sizes = { channels: 1, blocks: 4 };
  assert.ok(supportsResnet([64, 28, 28, 32], sizes));
  assert.ok(!supportsResnet([0, 28, 28, 32], sizes));
  assert.ok(!supportsResnet([64, 28, 28, 6], sizes));
  assert.ok(!supportsResnet([64, 28, 28, 32], { ...sizes, channels: 4 }));
  assert.ok(!supportsResnet([64, 28, 28, 32], { ...sizes, blocks: 0 }));
  // 8 portions of 100 images, of which each is a call in each block.
  assert.ok(supportsResnet([800, 1, 1, 8], { ...sizes, blocks: 18 }));
  assert.ok(!supportsResnet([800, 1, 1, 8], { ...sizes, blocks: 19 }));
});

Deno.test("supportsResnetSquaredError() leaves large partial gradients to one block after the other", () => {
  assert.ok(supportsResnetSquaredError([64, 28, 28, 32], { channels: 1, blocks: 4 }));
  assert.ok(!supportsResnetSquaredError([0, 28, 28, 32], { channels: 1, blocks: 4 }));
  // 128 portions of one image: 2.8 GiB. Without a gradient there are none.
  const [images, sizes] = [[128, 16, 16, 256], { channels: 1, blocks: 8 }] as const;
  assert.ok(!supportsResnetSquaredError([...images], sizes));
  assert.ok(supportsResnet([...images], sizes));
});
