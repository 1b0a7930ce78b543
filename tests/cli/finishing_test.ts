import assert from "node:assert/strict";
import { fluxion, inFolder } from "./_fluxion.ts";

const train = [
  ...["train", "fm", "--data", "moons", "--run", "run", "--steps", "3", "--hidden", "4"],
  ...[
    "--batch-size",
    "16",
    "--solver",
    "euler",
    "--solver-steps",
    "2",
    "--backend",
    "cpu",
    "--quiet",
  ],
];

/** The command that a message says to run. */
function remedy(stderr: string): string[] {
  const command = /(?:with|finish it with) fluxion (train .*)\n$/.exec(stderr)?.[1];
  assert.ok(command !== undefined, stderr);
  return command.split(" ");
}

Deno.test("the command that a report names restores what it is missing of a run", () =>
  inFolder(async (folder) => {
    const run = async (...args: string[]) => await fluxion(args, { cwd: folder });
    const report = () => run("report", "run", "--out", "r.html", "--overwrite", "--backend", "cpu");
    const first = await run(...train);
    assert.equal(first.code, 0, first.stderr);
    const files = ["metrics.json", "samples/epoch-0001.png", "model.safetensors", "curves.png"];
    const before = files.map((file) => Deno.readFileSync(`${folder}/run/${file}`));
    const damaged = {
      "metrics.json": '{"seconds": 1, "steps": "three"}',
      "samples/epoch-0001.png": null,
      "log.jsonl": '{"step": 1, "loss": "low"}\n',
    };
    for (const [file, content] of Object.entries(damaged)) {
      const path = `${folder}/run/${file}`;
      if (content === null) await Deno.remove(path);
      else await Deno.writeTextFile(path, content);
      const refused = await report();
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, new RegExp(file.split("/")[0]!.replace(".", "\\.")));
      const mended = await run(...remedy(refused.stderr));
      assert.equal(mended.code, 0, mended.stderr);
    }
    // These are remade without being asked for.
    for (const file of ["model.safetensors", "curves.png"]) {
      await Deno.remove(`${folder}/run/${file}`);
    }
    const sampled = await run("sample", "run", "--out", "s.csv", "--backend", "cpu");
    assert.equal(sampled.code, 0, "the checkpoint has the weights");
    assert.equal((await run("train", "fm", "--resume", "--run", "run", "--quiet")).code, 0);
    files.forEach((file, i) => {
      if (file === "metrics.json") return;
      assert.deepEqual(Deno.readFileSync(`${folder}/run/${file}`), before[i], file);
    });
    const made = await report();
    assert.equal(made.code, 0, made.stderr);
  }));

Deno.test("a model file of another step than the checkpoint is not used, and is remade", () =>
  inFolder(async (folder) => {
    const run = async (...args: string[]) => await fluxion(args, { cwd: folder });
    assert.equal((await run(...train)).code, 0);
    const sample = () => run("sample", "run", "--n", "3", "--out", "-", "--backend", "cpu");
    const { stdout } = await sample();
    const model = `${folder}/run/model.safetensors`;
    const right = await Deno.readFile(model);
    // A kill between the two renames leaves the initial model.
    const begin = train.map((arg) => arg === "run" ? "begin" : arg === "3" ? "0" : arg);
    assert.equal((await run(...begin)).code, 0);
    await Deno.copyFile(`${folder}/begin/model.safetensors`, model);
    assert.equal((await sample()).stdout, stdout);
    assert.equal((await run("train", "fm", "--resume", "--run", "run", "--quiet")).code, 0);
    assert.deepEqual(await Deno.readFile(model), right);
  }));

Deno.test("a run killed while being overwritten starts over without the old run's pictures", () =>
  inFolder(async (folder) => {
    const run = async (...args: string[]) => await fluxion(args, { cwd: folder });
    assert.equal((await run(...train)).code, 0);
    // State after a kill that followed the removal of the old run's files.
    for (const file of ["checkpoint.safetensors", "model.safetensors", "metrics.json"]) {
      await Deno.remove(`${folder}/run/${file}`);
    }
    await Deno.writeTextFile(`${folder}/run/density.png`, "of the old run");
    const resumed = await run("train", "fm", "--resume", "--run", "run", "--quiet");
    assert.equal(resumed.code, 0, resumed.stderr);
    const files = [...Deno.readDirSync(`${folder}/run`)].map(({ name }) => name);
    assert.ok(!files.includes("density.png"), `${files}`);
  }));
