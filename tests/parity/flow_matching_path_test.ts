import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { velocityRegression } from "../../src/flows/losses/fm_loss.ts";
import type { FlowModel } from "../../src/flows/model.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { pathSample, pathVelocity } from "../../src/flows/paths/path.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import { reorderAxes } from "../../src/core/parameters.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { solveOn } from "../../src/ode/engines/engines.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { tensorField } from "../../src/ode/engines/portable/tensor_field.ts";
import { backendTest } from "../support/backends.ts";
import { fixture, fixtureParameters, layout, network, shape } from "./fixture_resnet.ts";
import { type FixtureArray, readFixture, relativeError } from "./fixtures.ts";

const SIGMA_MIN = 1e-4; // the fixture's note

function fixtureModel(): FlowModel {
  return {
    kind: "fm",
    network,
    parameters: fixtureParameters(),
    path: linearPath(SIGMA_MIN),
    source: standardNormal,
    standardization: null,
  };
}

backendTest(
  "pathSample() and pathVelocity() are the fixture's x_t and target",
  ["cpu", "webgpu"],
  async () => {
    const [xt, target] = tf.tidy(() => {
      const x0 = tf.tensor2d([...fixture.x0.data], shape);
      const x1 = tf.tensor2d([...fixture.x1.data], shape);
      const points = { x0, x1, times: Float32Array.from(fixture.t.data) };
      const path = linearPath(SIGMA_MIN);
      return [pathSample(path, points), pathVelocity(path, points)] as const;
    });
    // Float32 in one product and one sum: the bound is 1e-4.
    assert.ok(relativeError(await xt.data(), fixture.xt.data) < 1e-6);
    assert.ok(relativeError(await target.data(), fixture.target.data) < 1e-6);
    tf.dispose([xt, target]);
  },
);

backendTest(
  "velocityRegression() has the fixture's loss and gradients",
  ["cpu", "webgpu"],
  async () => {
    const model = fixtureModel();
    const x = tf.tensor2d([...fixture.xt.data], shape);
    const target = tf.tensor2d([...fixture.target.data], shape);
    const times = Float32Array.from(fixture.t.data);
    const { loss, gradient } = velocityRegression(model, { x, times, target });
    assert.ok(relativeError(await loss.data(), fixture.loss.data) < 1e-4);
    const flat = Float32Array.from(await gradient.data());
    for (const entry of layout.entries) {
      const part = flat.slice(entry.offset, entry.offset + entry.size);
      const error = relativeError(
        reorderAxes(entry, part, "file"),
        fixture.grad[entry.name]!.data,
      );
      assert.ok(error < 1e-4, `${entry.name}: ${error}`);
    }
    model.parameters.dispose();
    tf.dispose([x, target, loss, gradient]);
  },
);

backendTest(
  "a solve at 1e-6 ends in the fixture's samples",
  ["cpu", "webgpu"],
  async (backend) => {
    const { z, sample } = readFixture<{ z: FixtureArray; sample: FixtureArray }>(
      "flow_matching_sample",
    );
    const parameters = fixtureParameters();
    const field = tensorField(
      (tensors, x, t) => applyNetwork(network, tensors, x, { t }),
      parameters,
    );
    const y0 = tf.tensor2d([...z.data], shape);
    const { solution } = await solveOn(enginesOf(backend), {
      field: { kind: "tensors", field },
      y0,
      t0: 0,
      t1: 1,
      tableau: dopri5,
      control: { kind: "adaptive", rtol: 1e-6, atol: 1e-6 },
      controlGroup: "batch",
      maxSteps: 1000,
      keep: { kind: "end" },
    });
    const error = relativeError(await solution.y1.data(), sample.data);
    assert.ok(error < 1e-3, `relative error ${error}`);
    solution.dispose();
    tf.dispose(y0);
    parameters.dispose();
  },
);
