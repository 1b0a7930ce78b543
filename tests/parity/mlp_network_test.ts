import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters, reorderAxes } from "../../src/core/parameters.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { backendTest } from "../support/backends.ts";
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
const layout = network.layout;

Deno.test("layout and buffers of an MLP are the fixture's state_dict", () => {
  const ours = [...layout.entries, ...network.buffers!]
    .map(({ name, shape }): [string, number[]] => [name, [...shape]]);
  const theirs = Object.entries(fixture.state_dict)
    .map(([name, { shape }]): [string, number[]] => [name, [...shape]]);
  assert.deepEqual(new Map(ours), new Map(theirs));
});

backendTest("applyNetwork() of an MLP is the fixture's", ["cpu", "webgpu"], async () => {
  const flat = new Float32Array(layout.size);
  for (const entry of layout.entries) {
    const values = Float32Array.from(fixture.state_dict[entry.name]!.data);
    flat.set(reorderAxes(entry, values, "device"), entry.offset);
  }
  const parameters = Parameters.fromFlat(layout, flat);
  const x = tf.tensor2d([...fixture.x.data], [rows, dims]);
  const out = applyNetwork(network, parameters.tensors, x, { t: fixture.t.data });
  const error = relativeError(await out.data(), fixture.out.data);
  assert.ok(error < 1e-4, `relative error ${error}`); // the bound for float32
  tf.dispose([x, out]);
  parameters.dispose();
});
