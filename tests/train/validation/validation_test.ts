import assert from "node:assert/strict";
import {
  readCheckpoint,
  readRun,
  readRunConfig,
  type WeightsChoice,
} from "../../../src/train/run/load_run.ts";
import { readMetrics } from "../../../src/train/run/run_metrics.ts";
import { readLog } from "../../../src/train/run/training_log.ts";
import { train, type TrainEnvironment, type TrainSpec } from "../../../src/train/train.ts";
import { decodeSafetensors } from "../../../src/train/weights/safetensors.ts";
import { inFolder } from "../../support/in_folder.ts";
import { essence, openSmall, smallRuns } from "../support/runs.ts";

/**
 * Learns so fast that it soon gets worse: 33 rows train, 10 validate every 12 steps. With a checkpoint
 * after every step there is one per call, so it stops where it is asked to.
 */
const given = {
  cnf: { ...smallRuns.cnf, lr: 0.1, steps: 200, validation: 0.1, patience: 2 },
  fm: { ...smallRuns.fm, lr: 0.1, steps: 200, validation: 0.1, patience: 2, saveSeconds: 0 },
} as const;

/** Trains, stopping by Ctrl-C's signal after a step if one is given. */
async function trained(
  spec: TrainSpec,
  run: string,
  { stopAt, ...surroundings }: TrainEnvironment & { readonly stopAt?: number } = {},
) {
  const controller = new AbortController();
  return await train(spec, {
    run,
    openDataset: openSmall,
    signal: controller.signal,
    ...surroundings,
    hooks: { onStep: ({ step }) => step === stopAt ? controller.abort() : undefined },
  });
}

for (const name of ["cnf", "fm"] as const) {
  Deno.test(`train() of ${name} with validation stops early, keeps the best weights, and resumes to the same bits`, () =>
    inFolder(async (folder) => {
      const whole = `${folder}/whole`;
      const { kind, step, steps, metrics } = await trained(given[name], whole);
      assert.deepEqual([kind, steps, metrics.stoppedEarly], ["finished", 200, true]);
      const { evaluations } = await readLog(`${whole}/log.jsonl`);
      const validated = evaluations.filter((entry) => entry.validationLoss !== undefined);
      assert.deepEqual(validated.map((entry) => entry.step), validated.map((_, i) => 12 * (i + 1)));
      // The last two are no better than the best before them, which is the run's.
      const losses = validated.map(({ validationLoss }) => validationLoss!);
      const best = losses.indexOf(Math.min(...losses));
      assert.deepEqual([best, step], [losses.length - 3, 12 * losses.length]);
      assert.deepEqual(
        [metrics.bestStep, metrics.validationLoss, metrics.testLoss, metrics.validationRows],
        [12 * (best + 1), losses[best], validated[best]!.testLoss, 10],
      );
      assert.deepEqual([metrics.testRows, await readMetrics(whole)], [10, {
        ...metrics,
        ...{ seconds: (await readMetrics(whole))!.seconds },
        ...{ peakMemoryBytes: (await readMetrics(whole))!.peakMemoryBytes },
      }]);

      // The weights of the best step are those of a run that ends there.
      const short = `${folder}/short`;
      const lrHorizon = 200;
      await trained({ ...given[name], lrHorizon, steps: metrics.bestStep! }, short);
      const ended = await readCheckpoint(short, await readRunConfig(short));
      assert.deepEqual((await readRun(whole)).weights, ended.ema);
      assert.deepEqual((await readRun(whole, "best")).weights, ended.ema);
      const keptAt = [undefined, "best", "ema", "raw"].map(async (choice) =>
        (await readRun(whole, choice as WeightsChoice | undefined)).weightsStep
      );
      assert.deepEqual(await Promise.all(keptAt), [
        ...[metrics.bestStep, metrics.bestStep],
        ...[step, step],
      ]);
      const last = await readCheckpoint(whole, await readRunConfig(whole));
      assert.deepEqual((await readRun(whole, "ema")).weights, last.ema);
      assert.deepEqual((await readRun(whole, "raw")).weights, last.weights);
      assert.notDeepEqual(last.ema, ended.ema);
      const { tensors } = decodeSafetensors(
        await Deno.readFile(`${whole}/checkpoint.safetensors`),
        "checkpoint",
      );
      const names = tensors.map((tensor) => tensor.name);
      const parameters = last.weights.length;
      const ofBest = tensors.filter((tensor) => tensor.name.startsWith("best."));
      assert.equal(ofBest.reduce((sum, { values }) => sum + values.length, 0), parameters);
      assert.ok(names.includes("best.backbone.2.bias"));

      // Stopped between, at and after validations, and just before its end.
      const expected = await essence(whole);
      for (const stops of [[11, 12, 13, 24], [step - 1], [step]]) {
        const run = `${folder}/stopped-${stops.join("-")}`;
        for (const [i, stopAt] of stops.entries()) {
          const mode = i === 0 ? "new" : "resume";
          const end = await trained(given[name], run, { stopAt, mode });
          assert.deepEqual([end.kind, end.step], ["interrupted", stopAt]);
        }
        const end = await trained({ model: name }, run, { mode: "resume" });
        assert.deepEqual([end.kind, end.step], ["finished", step]);
        assert.deepEqual(await essence(run), expected);
      }

      // It is finished; with more steps it goes on from its last weights.
      const again = await trained({ model: name }, whole, { mode: "resume" });
      assert.deepEqual([again.kind, again.metrics.stoppedEarly], ["alreadyFinished", true]);
      assert.deepEqual(await essence(whole), expected);
      const more = await trained({ model: name, steps: 201 }, whole, {
        mode: "resume",
        stopAt: step + 1,
      });
      assert.deepEqual([more.kind, more.step], ["interrupted", step + 1]);
      const far = await trained({ model: name, patience: 0 }, whole, { mode: "resume" });
      assert.deepEqual([far.kind, far.step, far.metrics.stoppedEarly], ["finished", 201, false]);
      const log = await readLog(`${whole}/log.jsonl`);
      const first = expected.steps.length;
      assert.deepEqual(
        log.steps.slice(0, first).map(({ step, loss, nfe }) => ({ step, loss, nfe })),
        expected.steps,
      );
      await assert.rejects(
        trained({ model: name, validation: 0.2 }, whole, { mode: "resume" }),
        { name: "InputError", message: /`validation: 0.2`: the run has validation 0.1/ },
      );
    }));
}

Deno.test("readRun() refuses best weights of a run without validation, whose files are as before", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    await trained({ ...smallRuns.cnf, steps: 2 }, run);
    await assert.rejects(readRun(run, "best"), {
      name: "InputError",
      message:
        `${run}: has no best weights, since no rows validated; leave out \`weights: "best"\``,
    });
    const bytes = await Deno.readFile(`${run}/checkpoint.safetensors`);
    const { tensors } = decodeSafetensors(bytes, "checkpoint");
    assert.ok(!tensors.some(({ name }) => /^(best|validation)\./.test(name)));
    assert.ok(!("validation" in JSON.parse(await Deno.readTextFile(`${run}/config.json`))));
    for (const option of [{ patience: 3 }, { validation: 0.2 }]) {
      await assert.rejects(
        trained({ model: "cnf", steps: 9, ...option }, run, { mode: "resume" }),
        { name: "InputError", message: /the run has no validation rows/ },
      );
      await assert.rejects(readRun(run, "best"), { name: "InputError" });
    }
    const early = `${folder}/early`;
    await trained({ ...given.cnf }, early, { stopAt: 3 });
    await assert.rejects(readRun(early, "best"), /not come to its first validation/);
    const { ema } = await readCheckpoint(early, await readRunConfig(early));
    assert.deepEqual((await readRun(early)).weights, ema);
  }));
