import assert from "node:assert/strict";
import type { Adapter } from "../../../src/backends/adapters.ts";
import type { BackendKind } from "../../../src/backends/backend.ts";
import {
  type ChoiceSurroundings,
  chooseTrainingBackend,
} from "../../../src/train/backend_choice/choose_training_backend.ts";
import { knownTimes } from "../../../src/train/backend_choice/engine_times.ts";
import { stepShape } from "../../../src/train/backend_choice/step_shape.ts";
import { FailureError } from "../../../src/core/errors.ts";
import { type Coupling, independentCoupling } from "../../../src/flows/couplings/coupling.ts";
import type { Source } from "../../../src/flows/sources/source.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { planRun } from "../../../src/train/training_plan.ts";
import { inFolder } from "../../support/in_folder.ts";
import { openSmall, smallRuns } from "../support/runs.ts";

const gpu: Adapter = {
  ...{ vendor: "1", architecture: "", device: "2", description: "Test GPU" },
  ...{ isFallbackAdapter: false, features: [], limits: {} },
};
const software: Adapter = { ...gpu, description: "llvmpipe (LLVM 15)" };

async function planOf(changes: TrainOptions = {}, run: "cnf" | "fm" = "cnf") {
  const { model, ...options } = smallRuns[run];
  return await planRun({
    model,
    options: { ...options, backend: "auto", ...changes },
    configFile: null,
    values: {},
    openDataset: openSmall,
  });
}

/** Surroundings that note what is asked for. */
function counting(
  { found = gpu, cpuMs = 9, webgpuMs = 2, ...others }:
    & { readonly found?: Adapter | null; readonly cpuMs?: number; readonly webgpuMs?: number }
    & Partial<ChoiceSurroundings> = {},
) {
  const asked: string[] = [];
  const surroundings: ChoiceSurroundings = {
    before: null,
    times: null,
    adapter: () => {
      asked.push("adapter");
      return Promise.resolve(found);
    },
    timed: (kind: BackendKind) => {
      asked.push(kind);
      return Promise.resolve({ ms: kind === "cpu" ? cpuMs : webgpuMs, loss: 1 });
    },
    onMeasure: (adapter) => void asked.push(`times ${adapter}`),
    ...others,
  };
  return { asked, surroundings };
}

Deno.test("chooseTrainingBackend() times each shape once on a machine", () =>
  inFolder(async (folder) => {
    const times = { file: `${folder}/new/engine-times.json`, version: "1.0.0" };
    const first = counting({ times });
    const choice = { backend: "webgpu", adapter: "Test GPU", cpuMs: 9, webgpuMs: 2 };
    const reason = "a step takes 9 ms on the CPU and 2 ms on Test GPU";
    const chosen = { kind: "webgpu", reason, choice };
    assert.deepEqual(await chooseTrainingBackend(await planOf(), first.surroundings), chosen);
    assert.deepEqual(first.asked, ["adapter", "times Test GPU", "cpu", "webgpu"]);
    // Neither the seed nor the number of steps changes a step's time.
    const again = counting({ times });
    const same = await planOf({ seed: 3, steps: 40 });
    assert.deepEqual(await chooseTrainingBackend(same, again.surroundings), chosen);
    assert.deepEqual(again.asked, ["adapter"]);
    const others = [
      { plan: await planOf({ hidden: 6 }), times },
      { plan: await planOf({ batchSize: 16 }), times },
      { plan: await planOf({ threads: 1 }), times },
      { plan: await planOf(), times: { ...times, version: "1.0.1" } },
      { plan: await planOf(), times, found: { ...gpu, device: "3" } },
    ];
    for (const { plan, ...other } of others) {
      const { asked, surroundings } = counting({ ...other, cpuMs: 1 });
      const { kind } = await chooseTrainingBackend(plan, surroundings);
      assert.deepEqual([kind, asked], ["cpu", ["adapter", "times Test GPU", "cpu", "webgpu"]]);
    }
    // Another version's are not this one's.
    assert.equal((await knownTimes(times)).length, 5);
    await Deno.writeTextFile(times.file, "{");
    const { asked, surroundings } = counting({ times });
    assert.deepEqual(await chooseTrainingBackend(await planOf(), surroundings), chosen);
    assert.equal(asked.length, 4, "a damaged file is none");
  }));

Deno.test("chooseTrainingBackend() measures again where a backend could take no step", () =>
  inFolder(async (folder) => {
    const times = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    const plan = await planOf();
    for (const missing of ["webgpu", "cpu"] as const) {
      const { surroundings } = counting({ times });
      const timed = (kind: BackendKind) =>
        kind === missing ? Promise.reject(new FailureError("not now")) : surroundings.timed(kind);
      const { kind } = await chooseTrainingBackend(plan, { ...surroundings, timed });
      assert.notEqual(kind, missing);
    }
    const { asked, surroundings } = counting({ times });
    assert.equal((await chooseTrainingBackend(plan, surroundings)).kind, "webgpu");
    assert.equal(asked.length, 4);
  }));

Deno.test("stepShape() tells a program's own values apart", async () => {
  const cnf = await planOf(), fm = await planOf({}, "fm");
  const source: Source = { ...standardNormal, name: "own" };
  const own = stepShape({ ...cnf, values: { source } });
  assert.notDeepEqual(own, stepShape(cnf));
  assert.deepEqual([own["gpuWay"], stepShape(cnf)["gpuWay"]], ["tensors", "device"]);
  const coupling: Coupling = { ...independentCoupling, name: "own" };
  assert.notDeepEqual(stepShape({ ...fm, values: { coupling } }), stepShape(fm));
});

Deno.test("chooseTrainingBackend() never times a software adapter, and looks for another after a day", () =>
  inFolder(async (folder) => {
    const times = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    const plan = await planOf();
    const reason = "the only WebGPU adapter is a software one (llvmpipe (LLVM 15))";
    const chosen = { kind: "cpu", reason, choice: null };
    for (const [nowMs, asks] of [[1e12, true], [1e12 + 8e7, false], [1e12 + 9e7, true]] as const) {
      const { asked, surroundings } = counting({ times, found: software, now: () => nowMs });
      assert.deepEqual(await chooseTrainingBackend(plan, surroundings), chosen);
      assert.deepEqual(asked, asks ? ["adapter"] : []);
    }
    // For tests alone.
    const forced = counting({ found: software, isSoftware: () => false });
    assert.equal((await chooseTrainingBackend(plan, forced.surroundings)).kind, "webgpu");
    assert.equal(forced.asked.length, 4);
  }));

Deno.test("chooseTrainingBackend() asks for no adapter where the choice does not depend on it", async () => {
  const cases: readonly (readonly [TrainOptions, "cnf" | "fm", BackendKind, RegExp])[] = [
    [{ backend: "webgpu" }, "cnf", "webgpu", /^requested$/],
    [{ portableBits: true }, "cnf", "cpu", /^portable bits were requested$/],
    [{}, "fm", "cpu", /^flow matching on points trains there$/],
    [
      { gradient: "adjoint" },
      "cnf",
      "cpu",
      /^the GPU engine does not take this training \(it takes `gradient: "direct"` only\)$/,
    ],
    [
      { rtol: 1e-7, atol: 1e-7 },
      "cnf",
      "cpu",
      /\(its float32 takes tolerances from 0.000001, not 1e-7\)$/,
    ],
    [{ batchSize: 40, controlGroup: "batch" }, "cnf", "cpu", /at most 32 rows, not 40\)$/],
    [{ regularize: "kinetic=0.1" }, "cnf", "cpu", /integrates no energies\)$/],
  ];
  for (const [changes, run, kind, reason] of cases) {
    const { asked, surroundings } = counting();
    const chosen = await chooseTrainingBackend(await planOf(changes, run), surroundings);
    assert.equal(chosen.kind, kind);
    assert.match(chosen.reason, reason);
    assert.deepEqual(asked, []);
  }
  const none = counting({ found: null });
  const { kind, reason } = await chooseTrainingBackend(await planOf(), none.surroundings);
  assert.deepEqual([kind, reason, none.asked], ["cpu", "there is no WebGPU adapter", ["adapter"]]);
  // A run from before choices were recorded keeps its backend.
  const { asked, surroundings } = counting({ before: "webgpu" });
  assert.equal((await chooseTrainingBackend(await planOf(), surroundings)).kind, "webgpu");
  assert.deepEqual(asked, []);
});
