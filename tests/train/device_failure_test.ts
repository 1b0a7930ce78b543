import assert from "node:assert/strict";
import type { Backend } from "../../src/backends/backend.ts";
import { deviceFailure, openBackend } from "../../src/backends/open_backend.ts";
import { FailureError, OutOfMemoryError } from "../../src/core/errors.ts";
import { readCheckpoint, readRunConfig } from "../../src/train/run/load_run.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { train } from "../../src/train/train.ts";
import { backendTest } from "../support/backends.ts";
import { losableDevice } from "../support/losable_device.ts";
import { inFolder } from "../support/in_folder.ts";
import { openSmall, smallRuns } from "./support/runs.ts";

/** The step whose figures are there when the device fails. */
const LAST = 5;

/** Trains until `fail` at a step, with a checkpoint after every step; returns what was thrown. */
async function failingRun(run: string, fail: () => void): Promise<Error> {
  const given = { ...smallRuns.fm, epochs: undefined, steps: 12, saveSeconds: 0 };
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
async function assertGoesOn(run: string, failed: Backend): Promise<void> {
  const stored = await readRunConfig(run);
  assert.equal((await readCheckpoint(run, stored)).step, LAST - 1);
  // Within one process the device stays failed, and no other one takes its place.
  await assert.rejects(openBackend("webgpu"), FailureError);
  assert.ok(await deviceFailure() !== null);
  failed.close();
  assert.equal(await deviceFailure(), null);
  const { kind } = await train({ model: "fm" }, { run, mode: "resume", openDataset: openSmall });
  assert.equal(kind, "finished");
  const { steps } = await readLog(`${run}/log.jsonl`);
  assert.deepEqual(steps.map(({ step }) => step), Array.from({ length: 12 }, (_, i) => i + 1));
}

backendTest("train() ends with one line when the device is lost, its checkpoint whole", [
  "webgpu",
], (backend) =>
  inFolder(async (run) => {
    backend.close();
    const { opened, lose } = await losableDevice();
    const { message } = await failingRun(run, lose);
    assert.match(
      message,
      /^step 6: WebGPU \(.*\): the device was lost \(the driver was reset\); restart, with `backend: "cpu"` if it persists; the last checkpoint is kept$/,
    );
    await assertGoesOn(run, opened);
  }));

backendTest(
  "train() ends with one line when the device has no memory left",
  ["webgpu"],
  (backend) =>
    inFolder(async (run) => {
      backend.close();
      const { opened, refuse } = await losableDevice();
      const error = await failingRun(
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
