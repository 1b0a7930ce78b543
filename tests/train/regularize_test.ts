import assert from "node:assert/strict";
import { readRunConfig } from "../../src/train/run/load_run.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { train } from "../../src/train/train.ts";
import { inFolder } from "../support/in_folder.ts";
import { essence, openSmall, smallRuns } from "./support/runs.ts";

Deno.test("train() with regularize logs what it penalises, and resumed is the unbroken run", () =>
  inFolder(async (folder) => {
    const whole = `${folder}/whole`, half = `${folder}/half`;
    const regularize = "kinetic=0.5,jacobian=0.1,steps=0.01";
    const given = { ...smallRuns.cnf, regularize, lrHorizon: 6, threads: 2 } as const;
    await train({ ...given, steps: 6 }, { run: whole, openDataset: openSmall });
    const { steps } = await readLog(`${whole}/log.jsonl`);
    assert.ok(
      steps.every(({ kinetic, jacobian, predictedSteps }) =>
        kinetic! > 0 && jacobian! > 0 && predictedSteps! > 0
      ),
    );
    const environment = { run: half, openDataset: openSmall };
    await train({ ...given, steps: 3 }, environment);
    await train({ model: "cnf", steps: 6, threads: 1 }, { ...environment, mode: "resume" });
    const { evaluations: _, ...resumed } = await essence(half);
    const { evaluations: _too, ...unbroken } = await essence(whole);
    assert.deepEqual(resumed, unbroken);
    const tail = (log: typeof steps) =>
      log.map((
        { kinetic, jacobian, predictedSteps },
      ) => [kinetic, jacobian, predictedSteps]);
    assert.deepEqual(tail((await readLog(`${half}/log.jsonl`)).steps), tail(steps));

    // The penalty moves the weights, from the second step on.
    const alone = `${folder}/alone`;
    await train({ ...given, regularize: "steps=0.5", steps: 2 }, { ...environment, run: alone });
    const ofSteps = (await readLog(`${alone}/log.jsonl`)).steps;
    assert.ok(ofSteps.every((entry) => entry.predictedSteps! > 0 && !("kinetic" in entry)));
    assert.equal(ofSteps[0]!.loss, steps[0]!.loss);

    // Without weights there is nothing to log, and the run is the one of today.
    const none = `${folder}/none`, zero = `${folder}/zero`;
    await train({ ...given, regularize: "none", steps: 2 }, { run: none, openDataset: openSmall });
    await train({ ...given, regularize: "kinetic=0", steps: 2 }, {
      ...environment,
      run: zero,
    });
    assert.deepEqual((await essence(zero)).checkpoint, (await essence(none)).checkpoint);
    const [first] = (await readLog(`${none}/log.jsonl`)).steps;
    assert.notDeepEqual((await essence(alone)).checkpoint, (await essence(none)).checkpoint);
    assert.ok(
      !("kinetic" in first!) && !("predictedSteps" in first!) && first!.loss === steps[0]!.loss,
    );
  }));

Deno.test("a run whose config has no regularize yet is one of the likelihood alone", () =>
  inFolder(async (run) => {
    const environment = { run: `${run}/old`, openDataset: openSmall };
    await train({ ...smallRuns.cnf, regularize: "none", steps: 2 }, environment);
    const path = `${run}/old/config.json`;
    const { regularize, ...before } = JSON.parse(await Deno.readTextFile(path));
    assert.equal(regularize, "none");
    await Deno.writeTextFile(path, JSON.stringify(before));
    assert.equal((await readRunConfig(`${run}/old`)).config.regularize, "none");
    await train({ model: "cnf", steps: 3 }, { ...environment, mode: "resume" });
    const { steps } = await readLog(`${run}/old/log.jsonl`);
    assert.ok(steps.length === 3 && steps.every((step) => step.predictedSteps === undefined));
  }));
