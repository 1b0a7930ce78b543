import assert from "node:assert/strict";
import type { Backend } from "../../src/backends/backend.ts";
import { deviceFailure, openBackend } from "../../src/backends/open_backend.ts";
import { FailureError, OutOfMemoryError } from "../../src/core/errors.ts";
import { readCheckpoint, readRunConfig } from "../../src/train/run/load_run.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { train, type TrainSpec } from "../../src/train/train.ts";
import { backendTest } from "../support/backends.ts";
import { losableDevice } from "../support/losable_device.ts";
import { inFolder } from "../support/in_folder.ts";
import { likelihood } from "./steps/gpu/small_plan.ts";
import { openSmall, smallRuns } from "./support/runs.ts";

/** Runs of trainers that wait for each step, and that are ahead of the device. */
const runs: Readonly<Record<string, TrainSpec>> = {
  "flow matching": smallRuns.fm,
  "a CNF": { ...likelihood, model: "cnf" },
};

/** The step whose figures are there when the device fails. */
const LAST = 5;

/** Trains until `fail` at a step, with a checkpoint after every step; returns what was thrown. */
async function failingRun(spec: TrainSpec, run: string, fail: () => void): Promise<Error> {
  const given = { ...spec, epochs: undefined, steps: 12, saveSeconds: 0 };
  const training = train({ ...given, backend: "webgpu" }, {
    run,
    openDataset: openSmall,
    hooks: { onStep: ({ step }) => void (step === LAST && fail()) },
  });
  const error = await training.then(() => null, (error) => error);
  assert.ok(error instanceof FailureError, String(error?.stack));
  return error;
}

/** The last checkpoint is of a step before the failure, and the run goes on from it on a new device. */
async function assertGoesOn(
  { model }: TrainSpec,
  run: string,
  failed: Backend,
): Promise<void> {
  const stored = await readRunConfig(run);
  assert.equal((await readCheckpoint(run, stored)).step, LAST - 1);
  // Within one process the device stays failed, and no other one takes its place.
  await assert.rejects(openBackend("webgpu"), FailureError);
  assert.ok(await deviceFailure() !== null);
  failed.close();
  assert.equal(await deviceFailure(), null);
  const { kind } = await train({ model }, { run, mode: "resume", openDataset: openSmall });
  assert.equal(kind, "finished");
  const { steps } = await readLog(`${run}/log.jsonl`);
  assert.deepEqual(steps.map(({ step }) => step), Array.from({ length: 12 }, (_, i) => i + 1));
}

for (const [name, spec] of Object.entries(runs)) {
  backendTest(
    `train() of ${name} ends with one line when the device is lost, its checkpoint whole`,
    [
      "webgpu",
    ],
    (backend) =>
      inFolder(async (run) => {
        backend.close();
        const { opened, lose } = await losableDevice();
        const { message } = await failingRun(spec, run, lose);
        assert.match(
          message,
          /^step [67]: WebGPU \(.*\): the device was lost \(the driver was reset\); restart, with `backend: "cpu"` if it persists; the last checkpoint is kept$/,
        );
        await assertGoesOn(spec, run, opened);
      }),
  );

  backendTest(
    `train() of ${name} ends with one line when the device has no memory left`,
    ["webgpu"],
    (backend) =>
      inFolder(async (run) => {
        backend.close();
        const { opened, refuse } = await losableDevice();
        const error = await failingRun(
          spec,
          run,
          () => refuse(new GPUOutOfMemoryError("Not enough memory left.")),
        );
        assert.ok(error.cause instanceof OutOfMemoryError);
        assert.match(
          error.message,
          /^step \d: WebGPU \(.*\): Not enough memory left: take fewer rows or a smaller network \(`batchSize`, `hidden`\); the last checkpoint is kept$/,
        );
        opened.close();
      }),
  );
}
