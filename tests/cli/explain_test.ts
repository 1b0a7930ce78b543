import assert from "node:assert/strict";
import { encodeIdx, encodePoints } from "./_explained_files.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

const onCpu = ["--backend", "cpu", "--quiet"];

async function succeed(args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await fluxion(args, { cwd });
  assert.equal(code, 0, `fluxion ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Columns of the table of `--explain`, by name. */
function tableOf(text: string): Readonly<Record<string, number[]>> {
  const [names, ...rows] = text.trimEnd().split("\n").map((line) => line.split(","));
  return Object.fromEntries(names!.map((name, c) => [name, rows.map((row) => Number(row[c]))]));
}

function requireSum(table: Readonly<Record<string, number[]>>, terms: readonly string[]): void {
  table.logProb!.forEach((value, row) => {
    const sum = terms.reduce((sum, term) => sum + table[term]![row]!, 0);
    // log p is rounded to float32 before the constants are added.
    assert.ok(
      Math.abs(sum - value) < 1e-6 * Math.max(...terms.map((t) => Math.abs(table[t]![row]!)), 1),
    );
  });
}

Deno.test("fluxion log-prob and eval of images: nats, bits/dim, and the terms that add up to them", () =>
  inFolder(async (folder) => {
    const pixels = 36;
    await Deno.writeFile(`${folder}/images`, encodeIdx(12, 6));
    await succeed([
      ...["train", "fm", "--data", "images", "--no-binarize", "--net", "resnet", "--filters", "4"],
      ...["--blocks", "1", "--steps", "2", "--batch-size", "4", "--run", "run"],
      ...["--solver", "euler", "--solver-steps", "1", ...onCpu],
    ], folder);
    const solver = ["--solver", "rk4", "--solver-steps", "2", ...onCpu];
    const bits = ["log-prob", "run", "--points", "images", "--bits-per-dim", ...solver];
    const explained = ["--probe-count", "3", "--probes", "gaussian", "--explain"];
    const { stdout, stderr } = await fluxion(
      [...bits.filter((word) => word !== "--quiet"), ...explained],
      { cwd: folder },
    );
    const table = tableOf(stdout);
    assert.deepEqual(Object.keys(table), [
      ...["bitsPerDim", "logProb", "source", "trace", "traceStdErr", "levels"],
    ]);
    assert.equal(table.logProb!.length, 12);
    requireSum(table, ["source", "trace", "levels"]);
    table.levels!.forEach((value) => assert.ok(Math.abs(value + pixels * Math.log(255)) < 1e-9));
    table.bitsPerDim!.forEach((value, row) => {
      assert.ok(Math.abs(value * pixels * Math.LN2 + table.logProb![row]!) < 1e-9);
    });
    assert.ok(table.traceStdErr!.every((value) => value > 0));
    // The constants and choices are spelled out.
    for (
      const words of [
        ...["k/255", "log(1/255) = -199.48", "U(0, 1)", "log(2 pi)", "rk4, 2 fixed steps"],
        ...["3 gaussian probes per row", "bitsPerDim = -logProb / (36 log 2)"],
      ]
    ) assert.ok(stderr.includes(words), `${words} in ${stderr}`);

    // The table's first column equals the output without --explain.
    const plain = await succeed([...bits, "--probe-count", "3", "--probes", "gaussian"], folder);
    assert.deepEqual(plain.trimEnd().split("\n").map(Number), table.bitsPerDim);

    // Samples have no pixel levels, so only densities in nats.
    await succeed(["sample", "run", "--n", "2", "--out", "s.npy", ...solver], folder);
    const nats = await succeed(["log-prob", "run", "--points", "s.npy", ...solver], folder);
    assert.match(nats, /^-?\d+(\.\d+)?\n-?\d+(\.\d+)?\n$/);
    const refused = await fluxion(
      ["log-prob", "run", "--points", "s.npy", "--bits-per-dim", ...solver],
      { cwd: folder },
    );
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /s\.npy: values from -.* to .*; those of images are from 0 to 1 or/,
    );

    const evaluated = JSON.parse(
      await succeed(["eval", "run", "--bits-per-dim", ...solver], folder),
    );
    assert.ok(evaluated.bitsPerDim > 0 && evaluated.bitsPerDimStdErr > 0 && evaluated.loss > 0);
    assert.deepEqual([evaluated.nfe, evaluated.failedRows], [8, 0]);
  }));

Deno.test("fluxion log-prob --explain of a standardised table shows its scale", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/points.csv`, encodePoints(40));
    await succeed([
      ...["train", "fm", "--data", "points.csv", "--hidden", "4", "--steps", "2", "--run", "run"],
      ...onCpu,
    ], folder);
    const command = ["log-prob", "run", "--points", "points.csv", "--explain", ...onCpu];
    const table = tableOf(await succeed(command, folder));
    assert.deepEqual(Object.keys(table), ["logProb", "source", "trace", "scale"]);
    requireSum(table, ["source", "trace", "scale"]);
    const { standardization } = JSON.parse(await Deno.readTextFile(`${folder}/run/config.json`));
    const { scale: [a, b], factor: [[c], [, d]] } = standardization;
    const scale = -Math.log(a * b * c * d); // the volume of the whitening's map
    assert.ok(table.scale!.every((value) => Math.abs(value - scale) < 1e-12));
    // Two probes of two signs each agree, up to their sign, in half of the rows.
    const probes = ["--trace", "hutchinson", "--probe-count", "2"];
    const estimated = await fluxion(
      [...command.filter((word) => word !== "--quiet"), ...probes],
      { cwd: folder },
    );
    const { traceStdErr } = tableOf(estimated.stdout);
    const zeros = traceStdErr!.filter((error) => error === 0).length;
    assert.ok(zeros > 8 && zeros < 32, `${zeros} of 40`);
    assert.match(estimated.stderr, /0 where all signs agree, as in one row of 2,/);
    const refused = await fluxion([...command, "--bits-per-dim"], { cwd: folder });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--bits-per-dim: .*points/);
  }));
