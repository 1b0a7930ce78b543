import assert from "node:assert/strict";
import { readLog } from "../../src/train/run/training_log.ts";
import { train } from "../../src/train/train.ts";
import { essence, inTempDir, openSmall, smallRuns } from "./support/runs.ts";

Deno.test("train() with regularize logs the energies, and resumed is the unbroken run", () =>
  inTempDir(async (folder) => {
    const whole = `${folder}/whole`, half = `${folder}/half`;
    const regularize = "kinetic=0.5,jacobian=0.1";
    const given = { ...smallRuns.cnf, regularize, lrHorizon: 6, threads: 2 } as const;
    await train({ ...given, steps: 6 }, { run: whole, openDataset: openSmall });
    const { steps } = await readLog(`${whole}/log.jsonl`);
    assert.ok(steps.every(({ kinetic, jacobian }) => kinetic! > 0 && jacobian! > 0));
    const environment = { run: half, openDataset: openSmall };
    await train({ ...given, steps: 3 }, environment);
    await train({ model: "cnf", steps: 6, threads: 1 }, { ...environment, mode: "resume" });
    const { evaluations: _, ...resumed } = await essence(half);
    const { evaluations: _too, ...unbroken } = await essence(whole);
    assert.deepEqual(resumed, unbroken);
    const tail = (log: typeof steps) => log.map(({ kinetic, jacobian }) => [kinetic, jacobian]);
    assert.deepEqual(tail((await readLog(`${half}/log.jsonl`)).steps), tail(steps));

    // Without weights there is nothing to log, and the run is the one of today.
    const none = `${folder}/none`, zero = `${folder}/zero`;
    await train({ ...given, regularize: "none", steps: 2 }, { run: none, openDataset: openSmall });
    await train({ ...given, regularize: "kinetic=0", steps: 2 }, {
      ...environment,
      run: zero,
    });
    assert.deepEqual((await essence(zero)).checkpoint, (await essence(none)).checkpoint);
    const [first] = (await readLog(`${none}/log.jsonl`)).steps;
    assert.ok(!("kinetic" in first!) && first!.loss === steps[0]!.loss);
  }));
