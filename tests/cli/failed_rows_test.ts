import assert from "node:assert/strict";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { wallNetwork, wallWeights } from "../support/crafted_flow.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

const onCpu = ["--backend", "cpu"];

/** 100 points below the model's wall, except row 57 above it. */
const rows = Array.from(
  { length: 100 },
  (_, i) => i === 57 ? [0.5, 3.5] : [Math.sin(i + 0.5), Math.cos(3 * i)],
);

/** Imports the wall with `speed` as the run `wall`; writes `points.csv` and `good.csv`. */
async function prepare(folder: string, speed: number): Promise<void> {
  await Deno.writeFile(
    `${folder}/w.safetensors`,
    encodeStateDict(wallNetwork, wallWeights(speed)),
  );
  const csv = (some: readonly number[][]) => some.map((row) => row.join(",")).join("\n") + "\n";
  await Deno.writeTextFile(`${folder}/points.csv`, csv(rows));
  const imported = await fluxion(["import", "cnf", "w.safetensors", "--run", "wall"], {
    cwd: folder,
  });
  assert.equal(imported.code, 0, imported.stderr);
}

Deno.test("fluxion log-prob writes 99 values and a NaN if one row of 100 fails", () =>
  inFolder(async (folder) => {
    await prepare(folder, 2e38);
    const command = ["log-prob", "wall", "--points", "points.csv", ...onCpu];
    const { code, stdout, stderr } = await fluxion([...command, "--quiet"], { cwd: folder });
    assert.equal(code, 1);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 100);
    assert.deepEqual(lines.flatMap((line, row) => line === "NaN" ? [row] : []), [57]);
    assert.ok(lines.every((line, row) => row === 57 || Number.isFinite(Number(line))));
    assert.match(stderr, /^fluxion: row 57 \(from 0\) has no log-likelihood: its solve .*\n$/);

    const stopped = await fluxion([...command, "--on-failure", "stop", "--out", "out.csv"], {
      cwd: folder,
    });
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /^fluxion: the solve stopped for samples 56 to 63 at t = .*\n$/);
    await assert.rejects(Deno.stat(`${folder}/out.csv`), Deno.errors.NotFound);
  }));

Deno.test("fluxion eval counts failed rows and averages over the others", () =>
  inFolder(async (folder) => {
    await prepare(folder, 1e25);
    // All 50 rows are evaluated, of which all, some or none are above the wall.
    const evaluated = async (above: (row: number) => boolean) => {
      const lines = Array.from(
        { length: 50 },
        (_, row) => `${Math.sin(row)},${above(row) ? 3.5 : Math.cos(3 * row)}`,
      );
      await Deno.writeTextFile(`${folder}/points.csv`, lines.join("\n") + "\n");
      return await fluxion(["eval", "wall", "--data", "points.csv", ...onCpu], { cwd: folder });
    };
    const some = await evaluated((row) => row % 2 === 0);
    const { n, nll, nllStdErr, failedRows } = JSON.parse(some.stdout);
    assert.ok(failedRows > 0 && failedRows < n && nll > 1 && nllStdErr > 0, some.stdout);
    assert.equal(some.code, 1);
    assert.equal(some.stderr.match(/^fluxion: row \d+ .* too far from 0/gm)?.length, failedRows);
    assert.match(some.stderr, new RegExp(`over the other ${n - failedRows} of ${n} rows`));

    const all = await evaluated(() => true);
    const none = JSON.parse(all.stdout);
    assert.deepEqual([none.nll, none.failedRows, all.code], [null, n, 1]);
    assert.match(all.stderr, /none of the 50 rows has a log-likelihood; nll is null/);
  }));

Deno.test("fluxion sample --log-prob stops at the first failed group; eval reports null for the distance", () =>
  inFolder(async (folder) => {
    // For an FM model time runs from the prior, so the wall lies between noise and data.
    await Deno.writeFile(
      `${folder}/w.safetensors`,
      encodeStateDict(wallNetwork, wallWeights(2e38)),
    );
    const imported = await fluxion(["import", "fm", "w.safetensors", "--run", "wall"], {
      cwd: folder,
    });
    assert.equal(imported.code, 0, imported.stderr);
    const { code, stderr } = await fluxion(
      ["sample", "wall", "--n", "3000", "--log-prob", "--out", "s.csv", "--quiet", ...onCpu],
      { cwd: folder },
    );
    const evaluated = await fluxion(["eval", "wall", "--n", "20", "--quiet", ...onCpu], {
      cwd: folder,
    });
    const { loss, wasserstein2, wasserstein2Reason, mass } = JSON.parse(evaluated.stdout);
    assert.ok(loss > 0, "the loss needs no samples");
    assert.deepEqual([wasserstein2, mass, evaluated.code], [null, null, 1]);
    assert.match(wasserstein2Reason, /^the solve stopped for samples/);
    assert.match(evaluated.stderr, /^fluxion: wasserstein2 is null: the solve stopped/);

    assert.equal(code, 1);
    assert.match(stderr, /^fluxion: the solve stopped for samples \d+ to \d+.*\n$/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "w.safetensors",
      "wall",
    ]);
  }));
