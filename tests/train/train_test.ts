import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import { FailureError } from "../../src/core/errors.ts";
import type { TrainHooks } from "../../src/train/hooks.ts";
import { readRun, readRunConfig } from "../../src/train/run/load_run.ts";
import { train, type TrainEnvironment, type TrainSpec } from "../../src/train/train.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { backendTest } from "../support/backends.ts";
import { inFolder } from "../support/in_folder.ts";
import { assertEachStepOnce, essence, openSmall, smallPoints, smallRuns } from "./support/runs.ts";

/** Trains a small run, stopping it after some steps by Ctrl-C's signal. */
async function trainUntil(given: TrainSpec, run: string, options: {
  readonly stopAt?: number;
  readonly mode?: TrainEnvironment["mode"];
  readonly hooks?: TrainHooks;
}) {
  const controller = new AbortController();
  return await train(given, {
    run,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    openDataset: openSmall,
    signal: controller.signal,
    hooks: {
      ...options.hooks,
      onStep(progress) {
        options.hooks?.onStep?.(progress);
        if (progress.step === options.stopAt) controller.abort();
      },
    },
  });
}

Deno.test("train() learns and writes its log and files", () =>
  inFolder(async (folder) => {
    const given = { ...smallRuns.cnf, steps: 60, lr: 0.02 };
    const started: number[] = [];
    const { kind, step, steps, metrics } = await trainUntil(given, `${folder}/run`, {
      hooks: {
        onStart: ({ step, stepsPerEpoch }) => started.push(step, stepsPerEpoch),
        onStep: ({ step, epoch, epochs, samplesPerSecond }) => {
          assert.equal(epoch, Math.floor((step - 1) / 5) + 1);
          assert.ok(epochs === 12 && samplesPerSecond > 0);
        },
      },
    });
    assert.deepEqual([kind, step, steps], ["finished", 60, 60]);
    assert.deepEqual(started, [0, 5]);
    await assertEachStepOnce(`${folder}/run`, 60);
    const log = await readLog(`${folder}/run/log.jsonl`);
    const losses = log.steps.map(({ loss }) => loss);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    assert.ok(mean(losses.slice(-10)) < mean(losses.slice(0, 10)) - 0.1, `${losses}`);
    assert.deepEqual(
      log.evaluations.map(({ step, epoch }) => [step, epoch]),
      Array.from({ length: 12 }, (_, i) => [5 * (i + 1), i + 1]),
    );
    const file = JSON.parse(await Deno.readTextFile(`${folder}/run/metrics.json`));
    for (const key of ["stepMs", "nfe", "threads", "seconds", "peakMemoryBytes"] as const) {
      assert.ok(file[key] > 0, key);
    }
    assert.equal(file.steps, 60);
    assert.equal(metrics.testLoss, log.evaluations.at(-1)!.testLoss);
  }));

for (
  const [name, stops] of [["cnf", [2, 7]], ["fm", [1, 3, 5, 11]], ["images", [2, 4]], ["unet", [
    2,
  ]]] as const
) {
  // With a checkpoint after every step there is one per call, so it stops where it is asked to.
  const given = { ...smallRuns[name], saveSeconds: 0 };
  Deno.test(`train() of ${name} stopped and resumed is the unbroken run bit for bit`, () =>
    inFolder(async (folder) => {
      const { steps } = await trainUntil(given, `${folder}/whole`, {});
      const whole = await essence(`${folder}/whole`);
      for (const stopAt of stops) {
        const run = `${folder}/stopped-${stopAt}`;
        const stopped = await trainUntil(given, run, { stopAt });
        assert.deepEqual([stopped.kind, stopped.step], ["interrupted", stopAt]);
        const resumed = await trainUntil({ model: given.model }, run, { mode: "resume" });
        assert.deepEqual([resumed.kind, resumed.step], ["finished", steps]);
        assert.deepEqual(await essence(run), whole, `stopped at ${stopAt}`);
      }
      const again = await trainUntil({ model: given.model }, `${folder}/whole`, { mode: "resume" });
      assert.equal(again.kind, "alreadyFinished");
      assert.deepEqual(await essence(`${folder}/whole`), whole);
    }));
}

for (const name of ["cnf", "images"] as const) {
  Deno.test(`train() of ${name} with portable bits is reproducible, also after a resume`, () =>
    inFolder(async (folder) => {
      const given = { ...smallRuns[name], portableBits: true };
      await trainUntil(given, `${folder}/whole`, {});
      const whole = await essence(`${folder}/whole`);
      const config = JSON.parse(await Deno.readTextFile(`${folder}/whole/config.json`));
      assert.equal(config.portableBits, true);
      await trainUntil(smallRuns[name], `${folder}/fused`, {});
      assert.notDeepEqual((await essence(`${folder}/fused`)).checkpoint, whole.checkpoint);
      const run = `${folder}/stopped`;
      await trainUntil({ ...given, threads: 1 }, run, { stopAt: 2 });
      await trainUntil({ model: given.model }, run, { mode: "resume" });
      assert.deepEqual(await essence(run), whole);
    }));
}

Deno.test("train() resumed after a crash cuts the log back to the checkpoint", () =>
  inFolder(async (folder) => {
    const given = { ...smallRuns.fm, sampleEvery: 1, saveSeconds: 0 };
    await trainUntil(given, `${folder}/whole`, {});
    const run = `${folder}/crashed`;
    // The last step of the epoch is in the log, but its checkpoint is not written yet.
    const crash = { onPictures: () => Promise.reject(new Error("pulled the plug")) };
    await assert.rejects(trainUntil(given, run, { hooks: crash }), /pulled the plug/);
    await assertEachStepOnce(run, 5);
    await Deno.writeTextFile(`${run}/log.jsonl`, '{"step":6,"lo', { append: true });
    await trainUntil(given, run, { mode: "resume" });
    await assertEachStepOnce(run, 12);
    assert.deepEqual(await essence(run), await essence(`${folder}/whole`));
  }));

Deno.test("train() resumed after an earlier stop evaluates what the stop left out", () =>
  inFolder(async (folder) => {
    const given = smallRuns.fm;
    const run = `${folder}/run`;
    const stopped = await trainUntil(given, run, { stopAt: 12 });
    assert.equal(stopped.kind, "interrupted");
    const resumed = await trainUntil(given, run, { mode: "resume" });
    assert.equal(resumed.kind, "finished");
    const { evaluations } = await readLog(`${run}/log.jsonl`);
    assert.deepEqual(evaluations.map(({ step }) => step), [5, 10, 12]);
  }));

Deno.test("train() resumed for longer keeps the horizon and its last rate", () =>
  inFolder(async (folder) => {
    const given = { ...smallRuns.fm, steps: 6 };
    const run = `${folder}/grown`;
    await trainUntil(given, run, {});
    const remarks: string[] = [];
    const hooks = {
      onStart: (start: { remarks: readonly string[] }) => remarks.push(...start.remarks),
    };
    await trainUntil({ model: "fm", steps: 8 }, run, { mode: "resume", hooks });
    // A resumed run of two more steps barely learns, and says so.
    assert.match(
      remarks.join(),
      /ends at step 6; .* stays at [\d.e-]+, .*`lrHorizon: 8` lets it fall/,
    );
    // A run of 8 steps that had a horizon of 6 from the start is mathematically the same.
    await trainUntil({ ...given, steps: 8, lrHorizon: 6 }, `${folder}/whole`, {});
    const [grown, whole] = [await essence(run), await essence(`${folder}/whole`)];
    assert.deepEqual(grown.steps, whole.steps);
    assert.deepEqual(grown.checkpoint, whole.checkpoint);
    const config = JSON.parse(await Deno.readTextFile(`${run}/config.json`));
    assert.deepEqual([config.steps, config.lrHorizon], [8, 6]);
    remarks.length = 0;
    await trainUntil({ model: "fm", steps: 9, lrHorizon: 9 }, run, { mode: "resume", hooks });
    assert.deepEqual(remarks, []);
    assert.equal(JSON.parse(await Deno.readTextFile(`${run}/config.json`)).lrHorizon, 9);
    await assertEachStepOnce(run, 9);
  }));

Deno.test("train() records the time from the start to the last picture", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    let nowMs = 5000;
    const { metrics } = await train({ ...smallRuns.fm, steps: 3 }, {
      run,
      openDataset: openSmall,
      clock: () => nowMs,
      startedMs: 2000,
      hooks: { onEnd: () => Promise.resolve(void (nowMs += 7000)) },
    });
    const written = JSON.parse(await Deno.readTextFile(`${run}/metrics.json`));
    assert.deepEqual([metrics.seconds, written.seconds, written.steps], [10, 10, 3]);
  }));

Deno.test("train() accumulates its figures over sessions", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    const first = await trainUntil(smallRuns.fm, run, { stopAt: 6 });
    // Compare the file's figures: those returned also include the time to write it, which on a busy
    // disk exceeds that of the whole second session.
    const { seconds } = JSON.parse(await Deno.readTextFile(`${run}/metrics.json`));
    const second = await trainUntil({ model: "fm" }, run, { mode: "resume" });
    assert.ok(seconds > 0 && second.metrics.seconds > seconds);
    assert.ok(second.metrics.peakMemoryBytes! >= first.metrics.peakMemoryBytes!);
    assert.equal(second.metrics.steps, 12);
  }));

for (
  const [what, given, message] of [
    ["another learning rate", { lr: 0.5 }, /^`lr: 0.5`: the run has lr 0.002/],
    ["fewer steps", { steps: 3 }, /^`steps: 3`: makes 3 steps, the run is set for 12/],
    ["another model", { model: "cnf" }, /a run of train fm; resume it with train fm/],
    ["an option of another model", { trace: "exact" }, /^`trace: "exact"`: does not apply/],
  ] as const
) {
  Deno.test(`train() resumed with ${what} is refused and changes nothing`, () =>
    inFolder(async (folder) => {
      const run = `${folder}/run`;
      await trainUntil({ ...smallRuns.fm, lr: 2e-3 }, run, { stopAt: 2 });
      const before = await essence(run);
      await assert.rejects(
        trainUntil({ model: "fm", ...given }, run, { mode: "resume" }),
        { name: "InputError", message },
      );
      assert.deepEqual(await essence(run), before);
    }));
}

Deno.test("train() with fewer points than a batch uses all in every step, and says so", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    const remarks: string[] = [];
    await train({ ...smallRuns.fm, batchSize: 44, steps: 3 }, {
      run,
      openDataset: openSmall,
      hooks: { onStart: (start) => remarks.push(...start.remarks) },
    });
    assert.deepEqual(remarks, [
      "data small: 43 training rows are fewer than a batch of 44; every step takes them all",
    ]);
    const { config } = await readRunConfig(run);
    assert.deepEqual([config.batchSize, config.lrHorizon], [43, 3]);
    // The same command resumes the run; other batch sizes are still refused.
    const again = (batchSize: number) =>
      train({ model: "fm", steps: 4, batchSize }, { run, mode: "resume", openDataset: openSmall });
    await assert.rejects(again(42), { message: /`batchSize: 42`: the run has batchSize 43/ });
    assert.equal((await again(44)).metrics.steps, 4);
  }));

Deno.test("train() refuses images for an mlp before it writes anything", () =>
  inFolder(async (folder) => {
    await assert.rejects(
      trainUntil({ ...smallRuns.images, net: "mlp" } as TrainSpec, folder, {}),
      {
        name: "InputError",
        message: /^`net: "mlp"`: data small-images holds images, which take `net` unet or resnet/,
      },
    );
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("train() in a folder where another trains is refused", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    await trainUntil(smallRuns.fm, run, {
      hooks: {
        onPictures: async () => {
          // To resume it would wait for ten seconds.
          await assert.rejects(trainUntil(smallRuns.fm, run, { mode: "overwrite" }), {
            name: "InputError",
            message: /another process is training/,
          });
        },
      },
    });
  }));

Deno.test("train() stops at a loss that is not finite and keeps the last good checkpoint", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    const dataset = smallPoints();
    dataset.train.points[2 * 17] = Infinity;
    let lastGood: Uint8Array | null = null;
    let bad = 0;
    await assert.rejects(
      train({ ...smallRuns.fm, saveSeconds: 0 }, {
        run,
        openDataset: () => Promise.resolve(dataset),
        hooks: {
          onStep: ({ step }) => {
            bad = step + 1;
            // By now the checkpoint of the previous step exists.
            lastGood = Deno.readFileSync(`${run}/checkpoint.safetensors`);
          },
        },
      }),
      (error: Error) => {
        assert.ok(error instanceof FailureError, String(error));
        assert.match(
          error.message,
          new RegExp(`^step ${bad}: the loss is (NaN|Infinity); try a .lr. below`),
        );
        return true;
      },
    );
    const { step, weights } = await readRun(run, "raw");
    assert.equal(step, bad - 1);
    assert.ok(weights.every(Number.isFinite));
    assert.notEqual(lastGood, null);
    await assertEachStepOnce(run, bad - 1);
  }));

Deno.test("train() takes the next step while a checkpoint is written", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    const { rename } = Deno;
    const released = Promise.withResolvers<void>();
    try {
      await trainUntil({ ...smallRuns.fm, saveSeconds: 0 }, run, {
        hooks: {
          onStep({ step }) {
            // The first step's checkpoint is not renamed into place before the second step is done.
            if (step === 1) {
              Deno.rename = (...paths) => released.promise.then(() => rename(...paths));
            }
            if (step === 2) released.resolve();
          },
        },
      });
    } finally {
      Deno.rename = rename;
    }
    assert.equal((await readRun(run)).step, 12);
    await assertEachStepOnce(run, 12);
  }));

Deno.test("train() on a full disk fails and leaves the previous checkpoint intact", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    const { write } = Deno.FsFile.prototype;
    try {
      await assert.rejects(
        trainUntil({ ...smallRuns.fm, saveSeconds: 0 }, run, {
          hooks: {
            onStep({ step }) {
              if (step < 4) return;
              Deno.FsFile.prototype.write = () =>
                Promise.reject(new Error("No space left on device (os error 28)"));
            },
          },
        }),
        { name: "FailureError", message: /(safetensors|metrics\.json): no room left/ },
      );
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    // The third may have been in flight when the disk filled up.
    assert.ok([2, 3].includes((await readRun(run)).step));
    const { kind } = await trainUntil({ model: "fm" }, run, { mode: "resume" });
    assert.equal(kind, "finished");
    await assertEachStepOnce(run, 12);
  }));

Deno.test("train() with initial weights starts from them", () =>
  inFolder(async (folder) => {
    await trainUntil({ ...smallRuns.fm, seed: 3 }, `${folder}/first`, {});
    const first = await readRun(`${folder}/first`);
    for (const init of [`${folder}/first`, `${folder}/first/model.safetensors`]) {
      await trainUntil({ ...smallRuns.fm, init, steps: 0 }, `${folder}/second`, {
        mode: "overwrite",
      });
      assert.deepEqual((await readRun(`${folder}/second`)).weights, first.weights);
    }
    await assert.rejects(
      trainUntil({ ...smallRuns.fm, hidden: 10, init: `${folder}/first` }, `${folder}/third`, {}),
      { name: "InputError", message: /x_proj\.weight has shape \[8,2\], the model's is \[10,2\]/ },
    );
    await assert.rejects(
      trainUntil({ ...smallRuns.fm, init: `${folder}/nowhere` }, `${folder}/third`, {}),
      { name: "InputError", message: /nowhere: no such file or folder/ },
    );
    await assert.rejects(Deno.stat(`${folder}/third`));
  }));

Deno.test("train() evaluates a CNF by an accurate solve, whatever the training solver", () =>
  inFolder(async (folder) => {
    const of = async (name: string, more: Partial<TrainSpec>) => {
      const given = { ...smallRuns.cnf, trace: "exact", steps: 0, ...more } as TrainSpec;
      return (await trainUntil(given, `${folder}/${name}`, {})).metrics.testLoss;
    };
    const coarse = await of("coarse", { solver: "euler", solverSteps: 1 });
    assert.equal(coarse, await of("adaptive", { rtol: 1e-2, atol: 1e-2 }));
    assert.ok(Number.isFinite(coarse));
  }));

Deno.test("train() requests pictures of the averaged model after each epoch and at the end", () =>
  inFolder(async (folder) => {
    const seen: number[][] = [];
    const given = { ...smallRuns.fm, sampleEvery: 1 };
    await trainUntil(given, `${folder}/run`, {
      hooks: {
        onPictures: async ({ step, epoch, model, engines }) => {
          seen.push([step, epoch]);
          assert.equal(model.kind, "fm");
          assert.match(engines.inOrder[0]!.name, /SIMD/);
          assert.ok((await model.parameters.read()).every(Number.isFinite));
        },
      },
    });
    assert.deepEqual(seen, [[5, 1], [10, 2], [12, 3]]);
  }));

for (const name of ["cnf", "fm", "images", "unet"] as const) {
  Deno.test(`train() of ${name} does not leak: as many tensors after 200 steps as after 2`, () =>
    inFolder(async (folder) => {
      await openBackend("cpu");
      const before = tf.memory();
      const steps = 200;
      const { epochs: _, ...rest } = { epochs: 0, ...smallRuns[name] };
      const seen = new Map<number, tf.MemoryInfo>();
      await trainUntil({ ...rest, steps }, `${folder}/run`, {
        hooks: { onStep: ({ step }) => void seen.set(step, { ...tf.memory() }) },
      });
      for (const key of ["numTensors", "numBytes", "numDataBuffers"] as const) {
        assert.equal(seen.get(steps)![key], seen.get(2)![key], key);
        assert.equal(tf.memory()[key], before[key], `${key} after training`);
      }
    }));
}

backendTest("train() logs late losses in order, near the CPU's", ["webgpu"], async () => {
  await inFolder(async (folder) => {
    const given = { ...smallRuns.fm, ema: 0, evalEvery: 0 };
    await trainUntil(given, `${folder}/cpu`, {});
    await trainUntil({ ...given, backend: "webgpu" }, `${folder}/webgpu`, {});
    await assertEachStepOnce(`${folder}/webgpu`, 12);
    const [cpu, webgpu] = await Promise.all(
      ["cpu", "webgpu"].map((name) => readLog(`${folder}/${name}/log.jsonl`)),
    );
    cpu!.steps.forEach(({ loss }, i) => {
      const other = webgpu!.steps[i]!.loss;
      // The contract's bound for equal runs on two backends.
      assert.ok(Math.abs(other - loss) <= 1e-3 * loss, `step ${i + 1}: ${other} and ${loss}`);
    });
  });
});

Deno.test("train() that diverges suggests the learning rate first", () =>
  inFolder(async (folder) => {
    for (
      const [name, options] of [
        ["cnf", { ...smallRuns.cnf, lr: 1e9, schedule: "constant", steps: 20 }],
        ["fm", { ...smallRuns.fm, lr: 1e30, schedule: "constant", steps: 20 }],
      ] as const
    ) {
      await assert.rejects(
        train(options, {
          run: `${folder}/${name}`,
          openDataset: () => Promise.resolve(smallPoints()),
        }),
        (error: Error) => {
          assert.ok(error instanceof FailureError, String(error));
          const advice = /try [^;,]*/.exec(error.message);
          assert.match(advice?.[0] ?? "", /^try a `lr` below (1000000000|1e\+30)/);
          return true;
        },
      );
      assert.ok((await readRun(`${folder}/${name}`, "raw")).weights.every(Number.isFinite));
    }
  }));

Deno.test("train() does not save weights that its last step made infinite", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    const options = {
      ...smallRuns.fm,
      lr: 1e39,
      warmup: 0,
      schedule: "constant",
      steps: 1,
    } as const;
    await assert.rejects(
      train(options, {
        run,
        openDataset: () => Promise.resolve(smallPoints()),
      }),
      {
        name: "FailureError",
        message: /^step 1: .*`lr` below 1e\+39/,
      },
    );
  }));
