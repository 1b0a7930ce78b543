import assert from "node:assert/strict";
import { Parameters } from "../../src/core/parameters.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import type { SolveSettings } from "../../src/flows/model.ts";
import { newModel } from "../../src/flows/new_model.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { sample } from "../../src/flows/sample.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import type { Network } from "../../src/nn/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { type Engines, enginesInOrder } from "../../src/ode/engines/engines.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import { bosh3 } from "../../src/ode/tableaus/bosh3.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { euler } from "../../src/ode/tableaus/euler.ts";
import { rk4 } from "../../src/ode/tableaus/rk4.ts";
import { gpuOf } from "../../src/backends/gpu/gpu.ts";
import { backendTest } from "../support/backends.ts";
import { countGpuCalls } from "../support/gpu_calls.ts";

/** Weights with which some steps are rejected. */
function modelOf(network: Network) {
  const weights = fillNormal({ seed: 5, stream: 1 }, 0, new Float32Array(network.layout.size))
    .map((value) => 0.3 * value);
  const fresh = newModel("fm", network);
  fresh.parameters.dispose();
  return { ...fresh, parameters: Parameters.fromFlat(network.layout, weights) };
}

const sizes = { height: 4, width: 4, channels: 1, filters: 4 };
const networks = [unetNetwork(sizes), resnetNetwork({ ...sizes, blocks: 1 })];
const adaptive = { kind: "adaptive", rtol: 1e-4, atol: 1e-4 } as const;

for (const network of networks) {
  backendTest(
    `sample() of a ${network.kind} on a GPU waits for no step, and takes those of the portable engine`,
    ["webgpu"],
    async (backend) => {
      const model = modelOf(network), gpu = gpuOf(backend);
      const portable = enginesInOrder(portableEngine("tensors"));
      // The last group has one row.
      const settings: SolveSettings = {
        ...{ tableau: bosh3, control: adaptive, controlGroup: 2, maxSteps: 99 },
      };
      const draw = (engines: Engines) => sample(model, engines, { count: 3, settings });
      const expected = await draw(portable);
      await draw(enginesOf(backend));
      const counter = countGpuCalls(), { reads } = gpu.counts;
      const found = await draw(enginesOf(backend));
      const { buffers, submits } = counter.calls();
      counter.stop();
      assert.deepEqual(found.reports, expected.reports);
      const attempts = Math.max(
        ...found.reports.map(({ accepted, rejected }) => accepted + rejected),
      );
      assert.ok(attempts > 4, `${attempts} attempts`);
      // A software adapter takes more than a batch's time for an attempt.
      assert.equal(buffers, 0);
      assert.ok(submits <= attempts + 3, `${submits} submits, ${attempts} attempts`);
      assert.equal(gpu.counts.reads - reads, submits - 1);
      found.samples.forEach((value, i) => {
        assert.ok(Math.abs(value - expected.samples[i]!) < 1e-4, `${i}: ${value}`);
      });
      model.parameters.dispose();
    },
  );
}

backendTest(
  "sample() of images on a GPU says where a solve failed as on the CPU",
  ["webgpu"],
  async (backend) => {
    const model = modelOf(networks[0]!);
    const settings: SolveSettings = {
      ...{ tableau: dopri5, control: adaptive, controlGroup: "batch", maxSteps: 1 },
    };
    const messageOf = async (engines: Engines) => {
      const failing = sample(model, engines, { count: 2, start: 6, settings });
      return await failing.then(() => "", (error: Error) => `${error.name}: ${error.message}`);
    };
    const message = await messageOf(enginesOf(backend));
    assert.match(message, /^FailureError: the solve stopped for samples 6 to 7 at t = 0\.0/);
    assert.equal(message, await messageOf(enginesInOrder(portableEngine("tensors"))));
    // Infinite weights: no step is finite.
    const spoilt = Float32Array.from({ length: networks[0]!.layout.size }, () => Infinity);
    const broken = { ...model, parameters: Parameters.fromFlat(networks[0]!.layout, spoilt) };
    const fixed = { kind: "fixed", steps: 2 } as const;
    await assert.rejects(
      sample(broken, enginesOf(backend), {
        count: 1,
        settings: { ...settings, tableau: rk4, control: fixed },
      }),
      /samples 0 at t = 0 with step size 0.5 .* not finite there/,
    );
    model.parameters.dispose();
    broken.parameters.dispose();
  },
);

backendTest(
  "sample() and logProb() of points on a GPU take more rows at a time after short solves, and keep their bits",
  ["webgpu"],
  async (backend) => {
    const model = modelOf(mlpNetwork({ dims: 2, hidden: 2 }));
    const settings: SolveSettings = {
      ...{ tableau: euler, control: { kind: "fixed", steps: 1 }, controlGroup: 8, maxSteps: 9 },
    };
    const engines = enginesOf(backend);
    const rows: number[] = [];
    const noticing: Engines = {
      ...engines,
      firstThatSupports(problem) {
        rows.push(problem.y0.shape[0]);
        return engines.firstThatSupports(problem);
      },
    };
    const draw = async (start: number, count: number) =>
      (await sample(model, noticing, { start, count, settings })).samples;
    await draw(0, 8); // compiles
    rows.length = 0;
    const whole = await draw(0, 8200);
    // How many depends on this machine's speed.
    assert.equal(rows[0], 2048);
    assert.ok(rows.slice(0, -1).every((count, i) => i === 0 || count >= rows[i - 1]!), `${rows}`);
    assert.equal(rows.reduce((sum, count) => sum + count, 0), 8200);
    for (let start = 0; start < 8200; start += 2048) {
      const count = Math.min(2048, 8200 - start);
      assert.deepEqual(await draw(start, count), whole.slice(2 * start, 2 * (start + count)));
    }
    const at = (first: number, end: number) =>
      logProb(model, noticing, whole.subarray(2 * first, 2 * end), { settings });
    const all = await at(0, 8200), part = await at(4096, 6144);
    assert.deepEqual(part.logProb, all.logProb.slice(4096, 6144));
    model.parameters.dispose();
  },
);
