import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mlpAt, mlpFloat64, unitVectors } from "../../src/ops/mlp_field/float64.ts";
import { hostRows } from "../../src/ode/engines/portable/host_rows.ts";
import { mlpHostField, mlpTensorField } from "../../src/ode/engines/portable/mlp_field.ts";
import { TensorSum } from "../../src/ode/engines/portable/tensor_sum.ts";
import { backendTest } from "../support/backends.ts";
import { fixtureParameters, flatFixture } from "./fixture_mlp.ts";
import { type FixtureArray, type FixtureTensors, readFixture, relativeError } from "./fixtures.ts";

interface Fixture {
  readonly hidden_dim: number;
  readonly state_dict: FixtureTensors;
  readonly x: FixtureArray;
  readonly t: FixtureArray;
  readonly out: FixtureArray;
  readonly trace: FixtureArray;
  readonly grad_x: FixtureArray;
  readonly grad: FixtureTensors;
}

const fixture = readFixture<Fixture>("conditional_mlp");
const { hidden_dim: hidden, state_dict, x, out, trace } = fixture;
const [n, dims] = x.shape as [number, number];
const t = Float64Array.from(fixture.t.data);
const gradient = flatFixture(fixture.grad, dims, hidden);
/** Cotangents of the fixture's objective, sum(out^2) + sum(sin(trace)). */
const ofOut = out.data.map((value) => 2 * value);
const ofTrace = trace.data.map(Math.cos);

// The file's numbers have ten digits: nothing can be closer than about 1e-9 to them.
Deno.test("ConditionalMLP in float64 meets PyTorch to the file's digits", () => {
  const net = mlpFloat64({ dims, hidden }, flatFixture(state_dict, dims, hidden));
  const actual = new Float64Array(gradient.length);
  const rows = Array.from(t, (time, row) => {
    const position = Float64Array.from(x.data.slice(row * dims, (row + 1) * dims));
    const point = mlpAt(net, { x: position, t: time }, unitVectors(dims));
    const velocity = Float64Array.from(ofOut.slice(row * dims, (row + 1) * dims));
    return { ...point, ofX: point.pullBack({ velocity, divergence: ofTrace[row]! }, actual) };
  });
  const errors = {
    out: relativeError(rows.flatMap((row) => [...row.velocity]), out.data),
    trace: relativeError(rows.map((row) => row.divergence), trace.data),
    gradX: relativeError(rows.flatMap((row) => [...row.ofX]), fixture.grad_x.data),
    grad: relativeError(actual, gradient),
  };
  for (const [name, error] of Object.entries(errors)) assert.ok(error < 2e-9, `${name}: ${error}`);
});

const spec = (parameters: ReturnType<typeof fixtureParameters>) =>
  ({ kind: "mlp", dims, hidden, parameters, trace: { kind: "exact" } }) as const;
const rowIds = Int32Array.from({ length: n }, (_, i) => i);
/** The state (z, logp) of every row, and the cotangent of its slope (f, -trace). */
const state = Array.from(
  { length: n },
  (_, row) => [x.data[row * dims]!, x.data[row * dims + 1]!, 0],
);
const cotangent = Array.from({ length: n }, (_, row) => [
  ofOut[row * dims]!,
  ofOut[row * dims + 1]!,
  -ofTrace[row]!,
]);
const TOLERANCE = 1e-4; // the issue's, for float32

function meets(
  slope: ArrayLike<number>,
  ofState: ArrayLike<number>,
  parameters: ArrayLike<number>,
) {
  const columns = (rows: ArrayLike<number>, from: number, to: number) =>
    Array.from(rowIds).flatMap((row) => Array.from(rows).slice(3 * row + from, 3 * row + to));
  const errors = {
    out: relativeError(columns(slope, 0, 2), out.data),
    trace: relativeError(columns(slope, 2, 3).map((value) => -value), trace.data),
    gradX: relativeError(columns(ofState, 0, 2), fixture.grad_x.data),
    grad: relativeError(parameters, gradient),
  };
  for (const [name, error] of Object.entries(errors)) {
    assert.ok(error < TOLERANCE, `${name}: ${error}`);
  }
}

backendTest("ConditionalMLP over tensors meets PyTorch", ["cpu", "webgpu"], async () => {
  const parameters = fixtureParameters(state_dict, dims, hidden);
  const field = mlpTensorField(spec(parameters), { rows: n });
  const y = tf.tensor2d(state), v = tf.tensor2d(cotangent);
  const sum = new TensorSum(field.parameterCount);
  const slope = field.evaluate(t, y, rowIds);
  const near = field.linearize({ t, y, rowIds, gradient: sum });
  const ofState = near.pullBack(0, v);
  near.close();
  const total = sum.take();
  meets(await slope.data(), await ofState.data(), await total.data());
  tf.dispose([y, v, slope, ofState, total]);
  field.dispose();
  parameters.dispose();
});

backendTest("ConditionalMLP over host rows meets PyTorch", ["cpu"], async () => {
  const parameters = fixtureParameters(state_dict, dims, hidden);
  const field = mlpHostField(spec(parameters), { rows: n });
  const y = hostRows(Float64Array.from(state.flat()), n, 3);
  const sum = new TensorSum(field.parameterCount);
  const slope = field.evaluate(t, y, rowIds);
  const near = field.linearize({ t, y, rowIds, gradient: sum });
  assert.deepEqual(near.value(), slope);
  const ofState = near.pullBack(0, hostRows(Float64Array.from(cotangent.flat()), n, 3));
  near.close();
  const total = sum.take();
  meets(slope.data, ofState.data, await total.data());
  total.dispose();
  field.dispose();
  parameters.dispose();
});
