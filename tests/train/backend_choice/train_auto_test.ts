import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { isOpen } from "../../../src/backends/open_backend.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { openDataset } from "../../../src/data/registry.ts";
import { knownTimes } from "../../../src/train/backend_choice/engine_times.ts";
import type { TrainStart } from "../../../src/train/hooks.ts";
import { readCheckpoint, readRunConfig } from "../../../src/train/run/load_run.ts";
import { train, type TrainSpec } from "../../../src/train/train.ts";
import type { DatasetOpener } from "../../../src/train/training_plan.ts";
import { backendTest } from "../../support/backends.ts";
import { inFolder } from "../../support/in_folder.ts";

/** The shaders of `backends_agree_test.ts`, which a driver compiles once. */
const spec: TrainSpec = {
  ...{ model: "cnf", data: "moons", hidden: 8, batchSize: 16, warmup: 2, evalEvery: 0 },
  ...{ regularize: "none", steps: 2, backend: "auto" },
};

const openFew: DatasetOpener = async (name, opening) => {
  const dataset = await openDataset(name, opening);
  return { ...dataset, test: { ...dataset.test, count: 4 } } as Dataset;
};

/** Calls `use` while the software adapter has a name that is no software's. */
async function withRenamedAdapter(use: () => Promise<void>): Promise<void> {
  const { gpu } = navigator;
  const { requestAdapter } = gpu;
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter.call(gpu, options);
    const info = { vendor: "", architecture: "", device: "", description: "Test GPU" };
    return adapter && Object.defineProperty(adapter, "info", { value: info });
  };
  try {
    await use();
  } finally {
    gpu.requestAdapter = requestAdapter;
  }
}

async function weightsOf(run: string): Promise<Float32Array> {
  return (await readCheckpoint(run, await readRunConfig(run))).weights;
}

backendTest("train() with backend auto measures, and leaves nothing of it but the choice", [
  "webgpu",
], (backend) =>
  inFolder(async (folder) => {
    backend.close();
    const engineTimes = { file: `${folder}/engine-times.json`, version: "test" };
    const run = `${folder}/auto`, plain = `${folder}/plain`;
    let reason = "", kind = "";
    const hooks = {
      onStart({ backendReason, backend }: TrainStart) {
        reason = backendReason;
        kind = backend.kind;
      },
    };
    const before = tf.memory().numTensors;
    await withRenamedAdapter(async () => {
      await train(spec, { run, openDataset: openFew, engineTimes, hooks });
    });
    assert.equal(tf.memory().numTensors, before);
    assert.match(reason, /^a step takes .* on the CPU and .* on Test GPU$/);
    const { backendChoice } = await readRunConfig(run);
    const { cpuMs, webgpuMs } = backendChoice!;
    // The CPU, unless the machine was busy with other work just then.
    const [chosen, other] = cpuMs! <= webgpuMs!
      ? ["cpu", "webgpu"] as const
      : ["webgpu", "cpu"] as const;
    assert.equal(backendChoice!.backend, chosen, reason);
    assert.equal(isOpen("webgpu"), chosen === "webgpu");
    assert.deepEqual((await knownTimes(engineTimes)).map(({ choice }) => choice), [backendChoice]);
    await train({ ...spec, backend: chosen }, { run: plain, openDataset: openFew });
    assert.deepEqual(await weightsOf(run), await weightsOf(plain));

    // Resumed where nothing can be measured, the run keeps its choice, whatever it is.
    const config = `${run}/config.json`, text = await Deno.readTextFile(config);
    await Deno.writeTextFile(
      config,
      text.replace(`"backend": "${chosen}"`, `"backend": "${other}"`),
    );
    const resumed = { run, mode: "resume", openDataset: openFew, hooks } as const;
    const signal = AbortSignal.abort();
    await train({ model: "cnf", steps: 3 }, { ...resumed, signal });
    assert.equal(kind, other);
    const kept = (await readRunConfig(run)).backendChoice;
    assert.deepEqual(kept, { ...backendChoice, backend: other });
    // A backend that is asked for ends the choice.
    await train({ model: "cnf", steps: 3, backend: chosen }, resumed);
    assert.equal(kind, chosen);
    assert.equal((await readRunConfig(run)).backendChoice, undefined);
  }));
