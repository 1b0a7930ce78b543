import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { reorderAxes } from "../../src/core/parameters.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { backendTest } from "../support/backends.ts";
import { assertStateDict } from "./fixture_network.ts";
import { fixture, fixtureParameters, layout, network, shape } from "./fixture_resnet.ts";
import { type FixtureArray, relativeError } from "./fixtures.ts";

/** The bound of the issue for everything of the network in float32. */
const TOLERANCE = 1e-4;

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const error = relativeError(actual, expected);
  assert.ok(error < TOLERANCE, `${what}: relative error ${error}`);
}

const images = ({ data }: FixtureArray) => tf.tensor2d([...data], shape);

Deno.test("layout and buffers are the fixture's state_dict", () => {
  assertStateDict(network, fixture.state_dict);
});

backendTest("applyNetwork() of a resnet is the fixture's", ["cpu", "webgpu"], async () => {
  const parameters = fixtureParameters();
  const x = images(fixture.xt);
  const out = applyNetwork(network, parameters.tensors, x, { t: fixture.t.data });
  assertNear(await out.data(), fixture.out.data, "output");
  tf.dispose([x, out]);
  parameters.dispose();
});

backendTest("a resnet's loss and gradients are the fixture's", ["cpu", "webgpu"], async () => {
  const parameters = fixtureParameters();
  const x = images(fixture.xt), target = images(fixture.target);
  const { value, grads } = tf.valueAndGrads((...tensors) =>
    tf.mean(
      tf.squaredDifference(applyNetwork(network, tensors, x, { t: fixture.t.data }), target),
    ) as tf.Scalar
  )([...parameters.tensors]);
  assertNear(await value.data(), fixture.loss.data, "loss");
  for (const [i, entry] of layout.entries.entries()) {
    const gradient = reorderAxes(entry, await grads[i]!.data() as Float32Array, "file");
    assertNear(gradient, fixture.grad[entry.name]!.data, entry.name);
  }
  tf.dispose([x, target, value, ...grads]);
  parameters.dispose();
});
