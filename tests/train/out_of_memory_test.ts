import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import { FailureError } from "../../src/core/errors.ts";
import { train } from "../../src/train/train.ts";
import { fillHeap } from "../support/heap.ts";
import { inFolder } from "../support/in_folder.ts";
import { openSmall, smallRuns } from "./support/runs.ts";

Deno.test("train() without memory for a step fails, leaks no tensor, and resumes", () =>
  inFolder(async (folder) => {
    await openBackend("cpu");
    const before = tf.memory();
    const given = { ...smallRuns.unet, sampleEvery: 0, epochs: 1 } as const;
    const failures = new Map<number, string>();
    for (const kib of [32, 256, 384, 512]) {
      const release = fillHeap(1024 * kib);
      try {
        await assert.rejects(
          train(given, { run: `${folder}/${kib}`, openDataset: openSmall }),
          (error) => {
            assert.ok(error instanceof FailureError);
            failures.set(kib, error.message);
            return true;
          },
        );
      } finally {
        release();
      }
      assert.deepEqual(tf.memory(), before);
    }
    for (const message of failures.values()) assert.match(message, /backend cpu: no memory for/);
    const atStep = [...failures].find(([, message]) => message.startsWith("step 1: "));
    assert.ok(atStep, `${[...failures]}`);
    const [kib, message] = atStep;
    assert.match(message, / \(`batchSize`, `filters`\); the last checkpoint is kept$/);
    const surroundings = {
      run: `${folder}/${kib}`,
      openDataset: openSmall,
      mode: "resume",
    } as const;
    const { kind, step } = await train({ model: "fm" }, surroundings);
    assert.deepEqual([kind, step], ["finished", 3]);
    assert.deepEqual(tf.memory(), before);
  }));
