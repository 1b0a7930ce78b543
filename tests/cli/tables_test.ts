import assert from "node:assert/strict";
import { readNpy } from "../../src/data/formats/npy.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { csvRows, fluxion, inFolder } from "./_fluxion.ts";

const onCpu = ["--backend", "cpu"];

/** Runs a command that must succeed. */
async function succeed(args: readonly string[], cwd: string, stdin?: string) {
  const outcome = await fluxion(args, { cwd, ...(stdin === undefined ? {} : { stdin }) });
  assert.equal(outcome.code, 0, `fluxion ${args.join(" ")}: ${outcome.stderr}`);
  return outcome;
}

/** Independent normal columns. */
function normalCsv(rows: number, columns: readonly { mean: number; deviation: number }[]): string {
  const dims = columns.length;
  const z = fillNormal({ seed: 7, stream: 2, subsequence: 0 }, 0, new Float32Array(dims * rows));
  const line = (row: number) =>
    columns.map(({ mean, deviation }, k) => (mean + deviation * z[row * dims + k]!).toFixed(6));
  return Array.from({ length: rows }, (_, row) => `${line(row).join()}\n`).join("");
}

// Heights in cm and weights in kg; without standardisation: 9.05 nats and samples of deviation 1.
const heights = [{ mean: 170, deviation: 10 }, { mean: 70, deviation: 15 }];

Deno.test("a CNF of heights and weights has likelihoods and samples in their units", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/heights.csv`, normalCsv(5000, heights));
    const short = ["--hidden", "16", "--steps", "250", "--eval-every", "0", "--sample-every", "0"];
    await succeed(["train", "cnf", "--data", "heights.csv", ...short, ...onCpu], folder);
    const evaluation = JSON.parse((await succeed(["eval", "latest", ...onCpu], folder)).stdout);
    // Entropy of the two normal columns, which the NLL of the test rows estimates.
    const entropy = Math.log(2 * Math.PI * Math.E) + Math.log(10 * 15);
    const { nll, nllStdErr, mass } = evaluation;
    assert.ok(Math.abs(nll - entropy) < 2 * nllStdErr + 0.03, `${nll} for ${entropy}`);
    assert.ok(Math.abs(mass - 1) < 2e-3, `mass ${mass}`);
    const { stdout } = await succeed(
      ["sample", "latest", "--n", "4000", "--log-prob", "--out", "-", "--quiet", ...onCpu],
      folder,
    );
    const rows = csvRows(stdout);
    heights.forEach(({ mean, deviation }, k) => {
      const values = rows.map((row) => row[k]!);
      const found = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - found) ** 2, 0) / values.length;
      assert.ok(Math.abs(found - mean) < 0.1 * deviation, `mean ${found}`);
      assert.ok(Math.abs(Math.sqrt(variance) / deviation - 1) < 0.1, `variance ${variance}`);
    });
    // Printed samples read back have the same likelihood.
    const points = rows.slice(0, 40).map((row) => `${row[0]},${row[1]}\n`).join("");
    const again = await succeed(
      ["log-prob", "latest", "--points", "-", "--quiet", ...onCpu],
      folder,
      points,
    );
    csvRows(again.stdout).forEach(([value], i) =>
      assert.ok(Math.abs(value! - rows[i]![2]!) < 2e-3, `${value} ${rows[i]![2]}`)
    );
  }));

Deno.test("samples of timestamps are timestamps, in CSV, NPY and along trajectories", () =>
  inFolder(async (folder) => {
    const table = [{ mean: 1.7e9, deviation: 30 }, { mean: 0, deviation: 1 }];
    const stdin = normalCsv(300, table);
    const few = ["--hidden", "4", "--batch-size", "32", "--steps", "2", ...onCpu];
    await succeed(["train", "fm", "--data", "-", ...few], folder, stdin);
    const drawn = csvRows(
      (await succeed(["sample", "latest", "--n", "50", "--out", "-", ...onCpu], folder)).stdout,
    );
    // The spacing of float32 here is 128.
    assert.equal(new Set(drawn.map((row) => row[0])).size, 50);
    assert.ok(drawn.every((row) => Math.abs(row[0]! - 1.7e9) < 200));
    await succeed(["sample", "latest", "--n", "50", "--out", "x.npy", ...onCpu], folder);
    const { shape, values } = readNpy(await Deno.readFile(`${folder}/x.npy`), "x.npy");
    assert.deepEqual(shape, [50, 2]);
    drawn.forEach((row, i) => assert.ok(Math.abs(row[0]! - values[2 * i]!) < 1e-6));
    const ways = csvRows(
      (await succeed(
        ["sample", "latest", "--n", "3", "--trajectories", "3", "--out", "-", ...onCpu],
        folder,
      )).stdout,
    );
    assert.equal(ways.length, 9);
    assert.ok(ways.every((row) => Math.abs(row[2]! - 1.7e9) < 200), "the noise is in seconds too");
    assert.deepEqual(
      ways.filter((row) => row[1] === 1).map((row) => row.slice(2)),
      drawn.slice(0, 3),
    );
  }));

Deno.test("--drop omits a column from training and from later use of the run", () =>
  inFolder(async (folder) => {
    const lines = normalCsv(80, heights).trimEnd().split("\n");
    const kinds = ["setosa", "virginica"];
    const labelled = `height,species,weight\n` +
      lines.map((line, i) => `${line.replace(",", `,${kinds[i % 2]},`)}\n`).join("");
    await Deno.writeTextFile(`${folder}/labelled.csv`, labelled);
    await Deno.writeTextFile(`${folder}/bare.csv`, `height,weight\n${lines.join("\n")}\n`);
    const few = ["--hidden", "4", "--steps", "2", ...onCpu];
    const refused = await fluxion(["train", "cnf", "--data", "labelled.csv", ...few], {
      cwd: folder,
    });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /\("species"\): "setosa" is not a number; .*--drop species\n$/);
    const trained = await succeed(
      ["train", "cnf", "--data", "labelled.csv", "--drop", "species", ...few],
      folder,
    );
    assert.match(trained.stderr, /54 training rows are fewer than a batch of 128/);
    const config = JSON.parse(
      await Deno.readTextFile(`${folder}/runs/cnf-labelled-0001/config.json`),
    );
    assert.deepEqual(config.drop, ["species"]);
    assert.deepEqual(config.kept, [
      { name: "height", number: 1, kind: "real" },
      { name: "weight", number: 3, kind: "real" },
    ]);
    assert.deepEqual(config.dropped, [{ number: 2, name: "species" }]);
    assert.equal(config.network.dims, 2);
    const logProb = async (file: string) =>
      (await succeed(["log-prob", "latest", "--points", file, ...onCpu], folder)).stdout;
    assert.equal(await logProb("labelled.csv"), await logProb("bare.csv"));
    // Another file, though with the same rows: all of them test.
    const own = JSON.parse((await succeed(["eval", "latest", ...onCpu], folder)).stdout);
    const bare = await succeed(["eval", "latest", "--data", "bare.csv", ...onCpu], folder);
    assert.deepEqual([own.n, JSON.parse(bare.stdout).n], [16, 80]);
    assert.match(
      bare.stderr,
      /^bare\.csv: 80 rows, all of which are evaluated, 2 columns found by name/m,
    );
    const resumed = await succeed(
      ["train", "cnf", "--resume", "--steps", "3", "--drop", "species"],
      folder,
    );
    assert.match(resumed.stderr, /finished/);
    const other = await fluxion(["train", "cnf", "--resume", "--steps", "4", "--drop", "1"], {
      cwd: folder,
    });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /--drop 1: the run has drop species/);
  }));
