import assert from "node:assert/strict";
import { gpuOf } from "../../../src/backends/gpu/gpu.ts";
import { isSoftware } from "../../../src/ode/engines/gpu/tiles/chosen_tiles.ts";
import { typicalSteps } from "../../../src/train/backend_choice/typical_steps.ts";
import { backendTest } from "../../support/backends.ts";
import { losableDevice } from "../../support/losable_device.ts";

backendTest("typicalSteps() says what training steps use of a GPU, and leaves nothing there", [
  "webgpu",
], async (backend) => {
  const gpu = gpuOf(backend), clock = () => performance.now();
  const { used } = gpu.counts;
  const [cnf, images] = await typicalSteps(backend, { clock });
  // The tables of the network stay on the device, and the progress of pull-backs.
  assert.ok(gpu.counts.used <= used + 3);
  const isTimed = gpu.device.features.has("timestamp-query");
  for (const { way, use, problem, work } of [cnf!, images!]) {
    assert.equal(problem, null);
    assert.match(work, /batch \d+$/);
    const { programs, dispatches, submits, buffers, bytesResident, ms } = use!;
    assert.equal(way, work.startsWith("cnf") ? "device" : "tensors");
    assert.equal(buffers, 0);
    // With the read of the figures.
    assert.ok(submits >= 1 && submits <= 2, `${submits}`);
    assert.equal(dispatches, programs.reduce((sum, { dispatches }) => sum + dispatches, 0));
    assert.ok(bytesResident > 1000 && ms > 0);
    // The device's clock may be coarser than a pass takes.
    for (const { ms, name } of programs) assert.ok(isTimed ? ms! >= 0 : ms === null, name);
    if (isTimed) assert.ok(programs.reduce((sum, { ms }) => sum + ms!, 0) > 0);
  }
  const names = (step: typeof cnf) => step!.use!.programs.map(({ name }) => name).toSorted();
  if (isSoftware(gpu)) {
    assert.deepEqual(names(cnf), [
      ...[
        "gradient reduction",
        "guarded Adam",
        "likelihood",
        "packed weights",
        "pull-back",
        "solve",
      ],
    ]);
  }
  assert.ok(
    ["convolution", "convolution, filter gradient", "Adam", "tfjs"].every((name) =>
      names(images).includes(name)
    ),
  );
});

backendTest("typicalSteps() without memory advises what applies to steps of fixed sizes", [
  "webgpu",
], async (backend) => {
  backend.close();
  const { opened, refuse } = await losableDevice();
  refuse(new GPUOutOfMemoryError("Not enough memory left."));
  for (const { use, problem } of await typicalSteps(opened, { clock: () => 0 })) {
    assert.equal(use, null);
    assert.match(
      problem!,
      /^WebGPU \(.*\): Not enough memory left: close other programs .*, or train with a smaller batch or network than this$/,
    );
  }
  opened.close();
});
