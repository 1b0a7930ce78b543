import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { reorderAxes } from "../../src/core/parameters.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { backendTest } from "../support/backends.ts";
import { assertStateDict } from "./fixture_network.ts";
import {
  channelsLast,
  fixture,
  fixtureParameters,
  layout,
  network,
  shape,
} from "./fixture_unet.ts";
import { type FixtureArray, relativeError } from "./fixtures.ts";

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const error = relativeError(actual, expected);
  // float32 through 30 layers; the fixture's gradients have five digits
  assert.ok(error < 1e-4, `${what}: relative error ${error}`);
}

const images = (array: FixtureArray) => tf.tensor2d(channelsLast(array), shape);

Deno.test("layout and buffers of a unet are the state_dict of docs/unet.py", () => {
  assertStateDict(network, fixture.state_dict);
});

backendTest("a unet's velocities, loss and gradients are docs/unet.py's", [
  "cpu",
  "webgpu",
], async () => {
  const parameters = fixtureParameters();
  const x = images(fixture.x), target = images(fixture.target);
  const velocity = (x: tf.Tensor2D, tensors: readonly tf.Tensor[]) =>
    applyNetwork(network, tensors, x, { t: fixture.t.data });
  const out = velocity(x, parameters.tensors);
  assertNear(await out.data(), channelsLast(fixture.out), "output");
  const { value, grads } = tf.valueAndGrads((x, ...tensors) =>
    tf.mean(tf.squaredDifference(velocity(x as tf.Tensor2D, tensors), target)) as tf.Scalar
  )([x, ...parameters.tensors]);
  assertNear(await value.data(), [fixture.loss], "loss");
  assertNear(await grads[0]!.data(), channelsLast(fixture.grad_x), "gradient of the images");
  for (const [i, entry] of layout.entries.entries()) {
    const gradient = reorderAxes(entry, await grads[i + 1]!.data() as Float32Array, "file");
    assertNear(gradient, fixture.grad[entry.name]!.data, entry.name);
  }
  tf.dispose([x, target, out, value, ...grads]);
  parameters.dispose();
});
