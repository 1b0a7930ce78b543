import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { cnfLossAndGradient } from "../../src/flows/losses/cnf_loss.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { accurateSolve, type FlowKind } from "../../src/flows/model.ts";
import { reorderAxes } from "../../src/core/parameters.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { networkRecord } from "../../src/nn/network.ts";
import { createNetwork } from "../../src/nn/registry.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { importWeights } from "../../src/train/weights/import_weights.ts";
import { type LoadedRun, loadRun } from "../../src/train/run/load_run.ts";
import { encodeSafetensors } from "../../src/train/weights/safetensors.ts";
import { backendTest } from "../support/backends.ts";
import { type FixtureArray, type FixtureTensors, readFixture, relativeError } from "./fixtures.ts";
import { inFolder } from "../support/in_folder.ts";

/** Imports a fixture's state_dict as a file of PyTorch's would be, and lends the run. */
async function withImported(
  kind: FlowKind,
  stateDict: FixtureTensors,
  use: (run: LoadedRun) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const file = `${folder}/state_dict.safetensors`;
    const tensors = Object.entries(stateDict).map(([name, { shape, data }]) => ({
      name: `model.${name}`,
      shape,
      values: Float32Array.from(data),
    }));
    await Deno.writeFile(file, encodeSafetensors({ tensors, metadata: {} }));
    const { run } = await importWeights(kind, file, { runsFolder: `${folder}/runs` });
    const loaded = await loadRun(run);
    await use(loaded).finally(() => loaded.model.parameters.dispose());
  });
}

backendTest(
  "an imported CNF has PyTorch's log-probabilities, loss and gradient",
  ["cpu", "webgpu"],
  async (backend) => {
    const fixture = readFixture<{
      state_dict: FixtureTensors;
      x: FixtureArray;
      log_prob: FixtureArray;
      loss: FixtureArray;
      grad: FixtureTensors;
    }>("cnf_loss");
    await withImported("cnf", fixture.state_dict, async ({ model }) => {
      const engines = enginesOf(backend);
      // At 1e-6 dopri5 itself is up to 1.4e-3 from the true gradient, by the weights; float32
      // states, as WebGPU's, allow no 1e-8.
      const tolerance = backend.kind === "cpu" ? 1e-8 : 1e-7;
      const control = { kind: "adaptive", rtol: tolerance, atol: tolerance } as const;
      const settings = { ...accurateSolve, control };
      const points = Float32Array.from(fixture.x.data);
      const { logProb: found } = await logProb(model, engines, points, { settings });
      const ofLogProb = relativeError(found, fixture.log_prob.data);
      assert.ok(ofLogProb < 1e-4, `log-probabilities: relative error ${ofLogProb}`);

      const batch = tf.tensor2d(points, fixture.x.shape as [number, number]);
      const step = { ...settings, trace: { kind: "exact" }, gradient: { kind: "direct" } } as const;
      const { loss, gradient } = await cnfLossAndGradient(model, engines, batch, step, {
        seed: 0,
        step: 0,
      });
      const ofLoss = relativeError(await loss.data(), fixture.loss.data);
      assert.ok(ofLoss < 1e-4, `loss: relative error ${ofLoss}`);
      const flat = Float32Array.from(await gradient.data());
      for (const entry of model.parameters.layout.entries) {
        const part = flat.slice(entry.offset, entry.offset + entry.size);
        const error = relativeError(
          reorderAxes(entry, part, "file"),
          fixture.grad[entry.name]!.data,
        );
        assert.ok(error < 1e-3, `${entry.name}: relative error ${error}`);
      }
      tf.dispose([batch, loss, gradient]);
    });
  },
);

backendTest("an imported resnet has PyTorch's velocities", ["cpu", "webgpu"], async () => {
  const { state_dict, xt, t, out } = readFixture<{
    state_dict: FixtureTensors;
    xt: FixtureArray;
    t: FixtureArray;
    out: FixtureArray;
  }>("flow_matching");
  await withImported("fm", state_dict, async ({ model: { network, parameters } }) => {
    const count = xt.shape[0]!;
    const velocity = tf.tidy(() => {
      // NCHW with one channel is NHWC; the weights fit images of any size.
      const x = tf.tensor2d([...xt.data], [count, xt.data.length / count]);
      const [height, width] = xt.shape.slice(2) as [number, number];
      assert.equal(network.kind, "resnet");
      const small = createNetwork({ ...networkRecord(network), height, width });
      return applyNetwork(small, parameters.tensors, x, { t: t.data });
    });
    const error = relativeError(await velocity.data(), out.data);
    assert.ok(error < 1e-4, `relative error ${error}`);
    velocity.dispose();
  });
});
