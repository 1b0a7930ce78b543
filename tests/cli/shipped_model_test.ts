import assert from "node:assert/strict";
import { readNpy } from "../../src/data/formats/npy.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

const few = ["--solver", "euler", "--solver-steps", "4", "--backend", "cpu", "--threads", "1"];

Deno.test("mnist-unet is sampled, evaluated, trained further and completed by its name", async () => {
  await inFolder(async (folder) => {
    const run = async (...args: string[]) => {
      const outcome = await fluxion(args, { cwd: folder });
      assert.equal(outcome.code, 0, `fluxion ${args.join(" ")}: ${outcome.stderr}`);
      return outcome;
    };
    await run("sample", "mnist-unet", "--n", "3", "--out", "digits.npy", ...few);
    const { shape, values } = readNpy(Deno.readFileSync(`${folder}/digits.npy`), "digits.npy");
    assert.deepEqual(shape, [3, 1, 28, 28]);
    // The pixels of a digit: most black, some white, as in the data (13 % white).
    const white = values.filter((value) => value > 0.5).length / values.length;
    assert.ok(white > 0.04 && white < 0.3, `${white}`);

    // An untrained network has a loss above 1; one epoch reaches 0.10.
    const { stdout } = await run("eval", "mnist-unet", "--n", "20", "--threads", "1");
    const { data, loss } = JSON.parse(stdout);
    assert.equal(data, "mnist");
    assert.ok(loss < 0.13, `${loss}`);

    const plotted = await run("plot", "mnist-unet", "--out", "plotted", ...few);
    assert.match(plotted.stderr, /curves\.png: .* comes without the log of its training/);

    const short = ["--steps", "1", "--batch-size", "4", "--eval-every", "0", "--sample-every", "0"];
    await run("train", "fm", "--init", "mnist-unet", ...short, "--run", "mine", ...few);
    const config = JSON.parse(Deno.readTextFileSync(`${folder}/mine/config.json`));
    assert.equal(config.init, "mnist-unet");

    const both = await run("eval", "mnist-unet", "mine", "--n", "2", "--threads", "1");
    const lines = both.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).run);
    assert.deepEqual(lines, ["mnist-unet", "mine"]);
    const compared = JSON.parse((await run("compare", "mnist-unet", "mine", "--json")).stdout);
    const [shipped, mine] = compared.runs;
    assert.deepEqual([shipped.run, shipped.steps, shipped.written], ["mnist-unet", 7496, null]);
    assert.deepEqual([mine.run, mine.steps], ["mine", 1]);
    assert.deepEqual(compared.differences.batchSize, [64, 4]);
    // Random weights have a loss of about 1.3.
    const [first] = Deno.readTextFileSync(`${folder}/mine/log.jsonl`).split("\n");
    assert.ok(JSON.parse(first!).loss < 0.25, first!);
    assert.ok(decodePng(Deno.readFileSync(`${folder}/mine/samples/epoch-0001.png`)).width > 0);

    const proposals = async (...words: string[]) =>
      (await run("__complete", ...words)).stdout.split("\n").map((line) => line.split("\t")[0]);
    assert.ok((await proposals("sample", "mni")).includes("mnist-unet"));
    assert.ok(!(await proposals("train", "fm", "--run", "mni")).includes("mnist-unet"));
  });
});

Deno.test("a folder named mnist-unet is ./mnist-unet, and no run is written there by that name", async () => {
  await inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/mnist-unet`);
    const out = ["--n", "1", "--out", "digit.npy", ...few];
    const shipped = await fluxion(["sample", "mnist-unet", ...out], { cwd: folder });
    assert.equal(shipped.code, 0, shipped.stderr);
    assert.match(
      shipped.stderr,
      /the model that comes with Fluxion; the folder here is \.\/mnist-un/,
    );
    const refused = [
      [["sample", "./mnist-unet", ...out, "--overwrite"], /mnist-unet: not a run folder/],
      [
        ["train", "fm", "--run", "mnist-unet", "--steps", "1"],
        /a folder of that name is \.\/mnist-/,
      ],
      [
        ["report", "mnist-unet", "--out", "r.html"],
        /no run folder, so no log .*; sample, .* take it/,
      ],
      [["compare", "mnist-unet", "mnist-unet"], /one run to compare; name two or more different/],
      [["plot", "mnist-unet"], /mnist-unet comes with Fluxion and has no folder; give --out DIR/],
      [["eval", "mnist-unet", "--weights", "raw"], /--weights raw: .* its averaged weights alone/],
    ] as const;
    for (const [args, message] of refused) {
      const { code, stderr } = await fluxion(args, { cwd: folder });
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
