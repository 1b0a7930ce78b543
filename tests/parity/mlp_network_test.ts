import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { applyNetwork } from "../../src/nn/apply.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { backendTest } from "../support/backends.ts";
import { assertStateDict, parametersOf } from "./fixture_network.ts";
import { type FixtureArray, type FixtureTensors, readFixture, relativeError } from "./fixtures.ts";

interface MlpFixture {
  readonly hidden_dim: number;
  readonly state_dict: FixtureTensors;
  readonly x: FixtureArray;
  readonly t: FixtureArray;
  readonly out: FixtureArray;
}

const fixture = readFixture<MlpFixture>("conditional_mlp");
const [rows, dims] = fixture.x.shape as [number, number];
const network = mlpNetwork({ dims, hidden: fixture.hidden_dim });

Deno.test("layout and buffers of an MLP are the fixture's state_dict", () => {
  assertStateDict(network, fixture.state_dict);
});

backendTest("applyNetwork() of an MLP is the fixture's", ["cpu", "webgpu"], async () => {
  const parameters = parametersOf(network.layout, fixture.state_dict);
  const x = tf.tensor2d([...fixture.x.data], [rows, dims]);
  const out = applyNetwork(network, parameters.tensors, x, { t: fixture.t.data });
  const error = relativeError(await out.data(), fixture.out.data);
  assert.ok(error < 1e-4, `relative error ${error}`); // the bound for float32
  tf.dispose([x, out]);
  parameters.dispose();
});
