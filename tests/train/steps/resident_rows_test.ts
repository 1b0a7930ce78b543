import assert from "node:assert/strict";
import { gpuOf } from "../../../src/backends/gpu/mod.ts";
import type { Coupling } from "../../../src/flows/couplings/coupling.ts";
import { BatchRows } from "../../../src/train/steps/batch_rows.ts";
import { ResidentRows } from "../../../src/train/steps/resident_rows.ts";
import { planRun, type TrainingPlan } from "../../../src/train/training_plan.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";
import { openSmall, smallRuns } from "../support/runs.ts";

function planOf(name: "images" | "fm"): Promise<TrainingPlan> {
  const { model, ...options } = smallRuns[name];
  return planRun({
    ...{ model, options: { ...options, backend: "webgpu" }, configFile: null, values: {} },
    openDataset: openSmall,
  });
}

backendTest("ResidentRows gathers the rows of each step", ["webgpu"], async (backend) => {
  const plan = await planOf("images");
  // Two epochs of three steps over 12 images.
  const resident = ResidentRows.open(plan, { gpu: gpuOf(backend), done: 3 })!;
  const host = new BatchRows(plan);
  for (const step of [0, 1, 5]) {
    const batch = resident.at(step);
    assert.deepEqual(batch.shape, [4, 36]);
    assert.deepEqual(await batch.data(), host.at(step).rows);
    batch.dispose();
  }
  const counter = countGpuCalls();
  const batch = resident.at(2);
  assert.equal(counter.calls().dispatches, 1);
  counter.stop();
  batch.dispose();
  resident.dispose();
});

backendTest(
  "ResidentRows leaves to the host what it must see, or reads once",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const images = await planOf("images"), points = await planOf("fm");
    const coupling = { name: "own", pair: () => null } satisfies Coupling;
    const isResident = (plan: TrainingPlan, { done = 0, most = Infinity } = {}) => {
      const limits = { ...gpu.limits, maxBufferSize: most, maxStorageBufferBindingSize: most };
      const limited = new Proxy(gpu, {
        get: (target, key) => {
          if (key === "limits") return limits;
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const resident = ResidentRows.open(plan, { gpu: limited, done });
      resident?.dispose();
      return resident !== null;
    };
    assert.ok(isResident(images));
    assert.ok(!isResident(points));
    assert.ok(!isResident({ ...images, values: { coupling } }));
    assert.ok(!isResident({ ...images, config: { ...images.config, noise: 0.1 } }));
    assert.ok(!isResident(images, { done: 4 })); // two steps are left, of 8 of the 12 images
    assert.ok(isResident(images, { most: 4 * 12 * 36 }));
    assert.ok(!isResident(images, { most: 4 * 12 * 36 - 4 }));
  },
);
