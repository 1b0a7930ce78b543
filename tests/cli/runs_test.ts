import assert from "node:assert/strict";
import { readNpy } from "../../src/data/formats/npy.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { csvRows, fluxion, inFolder, start } from "./_fluxion.ts";

/** Options that make training fast. */
const tiny = {
  cnf: ["--hidden", "8", "--batch-size", "32", "--steps", "2", "--backend", "cpu", "--quiet"],
  points: ["--data", "moons", "--hidden", "8", "--steps", "2", "--backend", "cpu", "--quiet"],
  images: [
    ["--data", "mnist", "--filters", "4", "--batch-size", "4"],
    ["--steps", "2", "--solver", "euler", "--solver-steps", "2", "--backend", "cpu", "--quiet"],
  ].flat(),
} as const;

const onCpu = ["--backend", "cpu", "--quiet"];

/** Runs a command that must succeed; returns its stdout. */
async function succeed(args: readonly string[], cwd: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await fluxion(args, {
    cwd,
    ...(stdin === undefined ? {} : { stdin }),
  });
  assert.equal(code, 0, `fluxion ${args.join(" ")}: ${stderr}`);
  assert.equal(stderr, "", `fluxion ${args.join(" ")} with --quiet says nothing`);
  return stdout;
}

function isPng(path: string): boolean {
  return new TextDecoder("latin1").decode(Deno.readFileSync(path).subarray(1, 4)) === "PNG";
}

Deno.test("a CNF is trained, sampled, evaluated and plotted", () =>
  inFolder(async (folder) => {
    const run = await succeed(["train", "cnf", ...tiny.cnf], folder);
    assert.equal(run, "runs/cnf-moons-0001\n");
    const at = (file: string) => `${folder}/runs/cnf-moons-0001/${file}`;
    for (
      const file of [
        ["config.json", "log.jsonl", "metrics.json", "model.safetensors"],
        ["checkpoint.safetensors", "curves.png", "samples/epoch-0001.png"],
      ].flat()
    ) {
      assert.ok(Deno.statSync(at(file)).size > 0, file);
    }
    const metrics = JSON.parse(Deno.readTextFileSync(at("metrics.json")));
    for (const key of ["steps", "stepMs", "nfe", "threads", "seconds", "peakMemoryBytes"]) {
      assert.equal(typeof metrics[key], "number", key);
    }

    // Sample i has the same bits drawn alone or with others, as CSV or as NPY.
    const drawn = csvRows(
      await succeed(
        ["sample", "latest", "--n", "30", "--out", "-", ...onCpu],
        folder,
      ),
    );
    assert.equal(drawn.length, 30);
    await succeed(
      ["sample", "latest", "--n", "7", "--from", "13", "--out", "part.npy", ...onCpu],
      folder,
    );
    const part = readNpy(Deno.readFileSync(`${folder}/part.npy`), "part.npy");
    assert.deepEqual(part.shape, [7, 2]);
    assert.deepEqual([...part.values], drawn.slice(13, 20).flat().map(Math.fround));

    // The log-likelihood from the sampling solve equals that of a separate solve, within 1e-5.
    const withLogProb = csvRows(
      await succeed(
        ["sample", "latest", "--n", "9", "--log-prob", "--out", "-", ...onCpu],
        folder,
      ),
    );
    const points = withLogProb.map((row) => row.slice(0, 2).join(",")).join("\n");
    const logProb = csvRows(
      await succeed(
        ["log-prob", "latest", "--points", "-", ...onCpu],
        folder,
        `${points}\n`,
      ),
    );
    assert.deepEqual(logProb.map((row) => row.length), new Array(9).fill(1));
    withLogProb.forEach((row, i) => assert.ok(Math.abs(row[2]! - logProb[i]![0]!) < 2e-3));

    const evaluation = JSON.parse(await succeed(["eval", "latest", "--n", "64", ...onCpu], folder));
    assert.equal(evaluation.model, "cnf");
    assert.equal(evaluation.data, "moons");
    assert.equal(evaluation.backend, "cpu");
    assert.equal(evaluation.n, 64);
    for (const key of ["seed", "nll", "nllStdErr", "nfe", "nllTrue", "nllGap", "nllGapStdErr"]) {
      assert.equal(typeof evaluation[key], "number", key);
    }
    assert.ok(Math.abs(evaluation.mass - 1) < 0.005, `mass ${evaluation.mass}`);
    assert.ok(Math.abs(evaluation.nll - evaluation.nllTrue - evaluation.nllGap) < 1e-9);

    const pictures = (await succeed(["plot", "latest", ...onCpu], folder)).trimEnd().split("\n");
    assert.deepEqual(
      pictures.map((path) => path.replace("runs/cnf-moons-0001/", "")),
      ["density.png", "samples.png", "snapshots.png", "trajectories.png", "curves.png"],
    );
    for (const path of pictures) {
      const { text } = decodePng(Deno.readFileSync(`${folder}/${path}`));
      assert.deepEqual(text, { Command: "fluxion plot latest --backend cpu" }, path);
    }

    // Existing files are not overwritten without --overwrite.
    const again = ["sample", "latest", "--n", "1", "--out", "part.npy", ...onCpu];
    const refused = await fluxion(again, { cwd: folder });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /part\.npy.*--overwrite/);
    await succeed([...again, "--overwrite"], folder);
  }));

Deno.test("flow matching on points is trained, sampled, evaluated and plotted", () =>
  inFolder(async (folder) => {
    const json = await succeed(["train", "fm", "--run", "fm", "--json", ...tiny.points], folder);
    assert.equal(json, Deno.readTextFileSync(`${folder}/fm/metrics.json`));
    assert.equal(JSON.parse(json).steps, 2);
    const trajectories = ["sample", "fm", "--n", "3", "--trajectories", "5", ...onCpu];
    const lines = csvRows(await succeed([...trajectories, "--out", "-"], folder));
    assert.deepEqual(lines.slice(0, 5).map((row) => row[1]), [0, 0.25, 0.5, 0.75, 1]);
    assert.deepEqual(lines.map((row) => row[0]), [0, 1, 2].flatMap((i) => new Array(5).fill(i)));
    // Above 2^24 float32 has no odd numbers.
    const far = ["--from", "20000001", "--trajectories", "2", "--n", "2", "--out", "-", ...onCpu];
    const farLines = (await succeed(["sample", "fm", ...far], folder)).trim().split("\n");
    const stamps = farLines.map((line) => line.split(",").slice(0, 2).join());
    assert.deepEqual(stamps, ["20000001,0", "20000001,1", "20000002,0", "20000002,1"]);
    const beyond = ["sample", "fm", "--from", "9007199254740000", "--out", "-", ...onCpu];
    const { code, stderr } = await fluxion(beyond, { cwd: folder });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /--from 9007199254740000: samples of this model are numbered up to 45\d+\n$/,
    );
    await succeed([...trajectories, "--out", "ways.npy"], folder);
    const ways = readNpy(Deno.readFileSync(`${folder}/ways.npy`), "ways.npy");
    assert.deepEqual(ways.shape, [3, 5, 2]);
    assert.deepEqual([...ways.values], lines.flatMap((row) => row.slice(2).map(Math.fround)));
    await succeed([...trajectories, "--out", "ways.png"], folder);
    assert.ok(isPng(`${folder}/ways.png`));

    const evaluation = JSON.parse(await succeed(["eval", "fm", ...onCpu], folder));
    const beside = ["stray", "strayData", "slicedWasserstein2", "slicedWasserstein2Data"];
    for (const key of ["loss", "lossStdErr", "wasserstein2", "wasserstein2Data", ...beside]) {
      assert.ok(evaluation[key] > 0, key);
    }
    for (const key of ["nll", "nllStdErr", "nfe", "nllGap"]) {
      assert.equal(typeof evaluation[key], "number", key);
    }
    assert.equal(evaluation.failedRows, 0);
    assert.ok(Math.abs(evaluation.mass - 1) < 0.005, `mass ${evaluation.mass}`);
    const coarse = ["--solver", "rk4", "--solver-steps", "4", "--trace", "exact"];
    const { nfe } = JSON.parse(await succeed(["eval", "fm", ...coarse, ...onCpu], folder));
    assert.equal(nfe, 16);
    const pictures = await succeed(["plot", "fm", "--out", "pictures", ...onCpu], folder);
    assert.deepEqual(pictures.trimEnd().split("\n"), [
      "pictures/samples.png",
      "pictures/snapshots.png",
      "pictures/trajectories.png",
      "pictures/curves.png",
    ]);
    for (
      const [args, words] of [
        [["plot", "fm", "--out", "pictures"], /samples\.png is there already/],
        [["plot", "fm", "--out", "ways.npy"], /--out ways\.npy: is a file/],
        [
          ["plot", "fm", "--out", "ways.npy/a/b"],
          /^fluxion: \S*ways\.npy\S*: a part of the path is a file; choose a place/,
        ],
        [["sample", "fm", "--out", "pictures.csv"], /--out pictures\.csv: is a folder/],
        [["train", "fm", "--run", "pictures"], /pictures: has files but is not a run folder/],
      ] as const
    ) {
      await Deno.mkdir(`${folder}/pictures.csv`, { recursive: true });
      const refused = await fluxion([...args, ...onCpu], { cwd: folder });
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, words);
    }
  }));

Deno.test("flow matching on images is trained, sampled, evaluated and plotted", () =>
  inFolder(async (folder) => {
    const run = (await succeed(["train", "fm", ...tiny.images], folder)).trim();
    assert.equal(run, "runs/fm-mnist-0001");
    const fast = ["--solver", "euler", "--solver-steps", "2", ...onCpu];
    await succeed(["sample", run, "--n", "3", "--out", "digits.npy", ...fast], folder);
    const digits = readNpy(Deno.readFileSync(`${folder}/digits.npy`), "digits.npy");
    assert.deepEqual(digits.shape, [3, 1, 28, 28]);
    await succeed(["sample", run, "--out", "digits.png", ...fast], folder);
    assert.ok(isPng(`${folder}/digits.png`));
    const evaluation = JSON.parse(await succeed(["eval", run, "--n", "20", ...onCpu], folder));
    assert.ok(evaluation.loss > 0 && evaluation.lossStdErr > 0);
    const pictures = await succeed(["plot", run, ...fast], folder);
    assert.equal(pictures, `${run}/samples.png\n${run}/trajectories.png\n${run}/curves.png\n`);
    const logProb = await fluxion(["sample", run, "--log-prob", "--out", "x.csv", ...onCpu], {
      cwd: folder,
    });
    assert.equal(logProb.code, 2);

    // The weights are exported as a state_dict and imported again.
    const imported = await succeed(
      ["import", "fm", `${run}/model.safetensors`, "--run", "imported", "--quiet"],
      folder,
    );
    assert.equal(imported, "imported\n");
    await succeed(["sample", "imported", "--n", "3", "--out", "again.npy", ...fast], folder);
    const again = readNpy(Deno.readFileSync(`${folder}/again.npy`), "again.npy");
    assert.deepEqual(again.values, digits.values);
  }));

Deno.test("the homework's image network is available by name", () =>
  inFolder(async (folder) => {
    const options = ["--net", "resnet", "--blocks", "1", ...tiny.images];
    await succeed(["train", "fm", "--run", "resnet", ...options], folder);
    const { network } = JSON.parse(Deno.readTextFileSync(`${folder}/resnet/config.json`));
    assert.deepEqual([network.kind, network.filters, network.blocks], ["resnet", 4, 1]);
    const fast = ["--solver", "euler", "--solver-steps", "1", ...onCpu];
    await succeed(["sample", "resnet", "--n", "2", "--out", "digits.png", ...fast], folder);
    assert.ok(isPng(`${folder}/digits.png`));
  }));

Deno.test("training data and points come from files and from stdin", () =>
  inFolder(async (folder) => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i / 10},${(i * 7 % 11) / 5},${-i / 20}`);
    const options = ["--hidden", "4", "--batch-size", "8", "--steps", "1", ...onCpu];
    const csv = `a,b,c\n${rows.join("\n")}\n`;
    const run = await succeed(["train", "cnf", "--data", "-", ...options], folder, csv);
    assert.equal(run, "runs/cnf-stdin-0001\n");
    await Deno.writeTextFile(`${folder}/my points.csv`, csv);
    assert.equal(
      await succeed(["train", "cnf", "--data", "my points.csv", ...options], folder),
      "runs/cnf-my-points-0001\n",
    );
    const three = csvRows(
      await succeed(
        ["log-prob", "latest", "--points", "my points.csv", "--control-group", "1", ...onCpu],
        folder,
      ),
    );
    assert.equal(three.length, 40);
    assert.ok(three.every(([value]) => Number.isFinite(value)));
    const evaluation = JSON.parse(await succeed(["eval", "latest", ...onCpu], folder));
    assert.equal(evaluation.n, 8);
    assert.ok(!("nllTrue" in evaluation) && !("mass" in evaluation));
  }));

Deno.test("relative paths are relative to the user's folder, also under deno task", () =>
  inFolder(async (folder) => {
    const env = { INIT_CWD: folder };
    const { code, stdout } = await fluxion(["train", "cnf", ...tiny.cnf], { env });
    assert.equal(code, 0);
    assert.equal(stdout, "runs/cnf-moons-0001\n");
    const sampled = await fluxion(
      ["sample", "latest", "--n", "2", "--out", "x.csv", ...onCpu],
      { env },
    );
    assert.equal(sampled.code, 0, sampled.stderr);
    assert.equal(csvRows(Deno.readTextFileSync(`${folder}/x.csv`)).length, 2);
  }));

Deno.test("a closed pipe ends sampling silently", () =>
  inFolder(async (folder) => {
    await succeed(["train", "fm", "--run", "fm", ...tiny.points], folder);
    const process = start(
      ["sample", "fm", "--n", "100000000", "--out", "-", "--solver", "euler", ...onCpu],
      { cwd: folder },
    );
    const reader = process.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const [{ code }, stderr] = await Promise.all([
      process.status,
      new Response(process.stderr).text(),
    ]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
  }));

Deno.test("weights are exported as safetensors and imported again", () =>
  inFolder(async (folder) => {
    const ema = ["--ema", "0.5"];
    await succeed(["train", "cnf", "--run", "a", ...ema, ...tiny.cnf], folder);
    const run = (await succeed(["import", "cnf", "a/model.safetensors"], folder)).trim();
    const draw = (name: string, ...more: string[]) =>
      succeed(["sample", name, "--n", "4", "--out", "-", ...more, ...onCpu], folder);
    assert.equal(await draw(run), await draw("a"));
    assert.equal(await draw("a", "--weights", "ema"), await draw("a"));
    assert.notEqual(await draw("a", "--weights", "raw"), await draw("a"));
    const zero = ["--hidden", "8", "--steps", "0", ...onCpu];
    await succeed(["train", "cnf", "--run", "b", "--init", "a/model.safetensors", ...zero], folder);
    await succeed(["train", "cnf", "--run", "c", "--init", "a", ...zero], folder);
    assert.equal(await draw("b"), await draw("a"));
    assert.equal(await draw("c"), await draw("a"));
  }));

Deno.test("a config file holds the options, and the command line overrides it", () =>
  inFolder(async (folder) => {
    const options = { hidden: 4, batchSize: 16, steps: 1, backend: "cpu", lr: 0.5 };
    await Deno.writeTextFile(`${folder}/c.json`, JSON.stringify(options));
    await succeed(
      ["train", "cnf", "--config", "c.json", "--lr", "0.25", "--run", "r", "--quiet"],
      folder,
    );
    const config = JSON.parse(Deno.readTextFileSync(`${folder}/r/config.json`));
    assert.equal(config.hidden, 4);
    assert.equal(config.lr, 0.25);
    // A run's own config reproduces the run.
    await succeed(["train", "cnf", "--config", "r/config.json", "--run", "s", "--quiet"], folder);
    assert.deepEqual(
      Deno.readFileSync(`${folder}/s/model.safetensors`),
      Deno.readFileSync(`${folder}/r/model.safetensors`),
    );
  }));
