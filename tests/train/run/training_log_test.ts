import assert from "node:assert/strict";
import { cutLog, LogWriter, readLog } from "../../../src/train/run/training_log.ts";
import { inFolder } from "../../support/in_folder.ts";

const stepEntry = (step: number) => ({ step, loss: 1 / step, stepMs: 2, nfe: null });

Deno.test("LogWriter appends entries that readLog() reads", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.jsonl`;
    for (const steps of [[1, 2], [3]]) {
      using writer = await LogWriter.open(path);
      writer.append(steps.map(stepEntry));
      writer.append([{ step: steps.at(-1)!, epoch: 1, testLoss: 0.5 }]);
      writer.sync();
    }
    const log = await readLog(path);
    assert.deepEqual(log.steps, [1, 2, 3].map(stepEntry));
    assert.deepEqual(log.evaluations.map(({ step }) => step), [2, 3]);
  }));

Deno.test("cutLog() keeps entries up to a step and drops a torn line", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.jsonl`;
    const lines = [
      stepEntry(1),
      stepEntry(2),
      { step: 2, epoch: 1, testLoss: 9 },
      stepEntry(3),
      { step: 3, epoch: 1, testLoss: 9 },
    ].map((entry) => JSON.stringify(entry));
    await Deno.writeTextFile(path, `${lines.join("\n")}\n{"step":4,"lo`);
    const log = await cutLog(path, 2);
    assert.deepEqual(log.steps, [1, 2].map(stepEntry));
    assert.equal(
      await Deno.readTextFile(path),
      lines.slice(0, 3).map((line) => `${line}\n`).join(""),
    );
  }));

Deno.test("readLog() classifies an entry by all of its fields", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.jsonl`;
    const evaluation = { step: 1, epoch: 1, testLoss: 0.5 };
    const lines = [
      { ...evaluation, loss: [8], stepMs: "2", nfe: { toString: 1 } }, // an evaluation, not a step
      { ...stepEntry(2), loss: "1.5" },
      { step: 3, loss: 1 },
      { ...evaluation, testLoss: null },
      null,
      7,
    ].map((entry) => `${JSON.stringify(entry)}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    const { steps, evaluations } = await readLog(path);
    assert.deepEqual(steps, []);
    assert.deepEqual(evaluations.map(({ testLoss }) => testLoss), [0.5]);
  }));

Deno.test("cutLog() creates an empty log if there is none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.jsonl`;
    assert.deepEqual(await cutLog(path, 5), { steps: [], evaluations: [] });
    assert.equal(await Deno.readTextFile(path), "");
  }));

Deno.test("LogWriter reports a full disk as a failure", () =>
  inFolder(async (folder) => {
    using writer = await LogWriter.open(`${folder}/log.jsonl`);
    const { writeSync } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.writeSync = () => {
      throw new Error("No space left on device (os error 28)");
    };
    try {
      assert.throws(() => writer.append([stepEntry(1)]), {
        name: "FailureError",
        message: /log\.jsonl: cannot be written \(No space left.*`mode: "resume"`/,
      });
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
  }));

Deno.test("readLog() skips lines whose entries have other types", async () => {
  const path = await Deno.makeTempFile();
  try {
    const good = { step: 1, loss: 0.5, stepMs: 2, nfe: null };
    const lines = [
      good,
      { ...good, loss: "low" },
      { ...good, loss: null },
      { ...good, stepMs: undefined },
      { ...good, nfe: [] },
      { step: 1, epoch: 1, testLoss: {} },
      { step: 1, testLoss: 0.5 },
      null,
      [1],
      3,
    ];
    await Deno.writeTextFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    assert.deepEqual(await readLog(path), { steps: [good], evaluations: [] });
  } finally {
    await Deno.remove(path);
  }
});
