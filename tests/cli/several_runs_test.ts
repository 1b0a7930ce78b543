// compare, eval and plot of several runs.
import assert from "node:assert/strict";
import { incomparable, writeComparison } from "../../cli/commands/compare/run.ts";
import { naturalOrder } from "../../src/core/files/natural_order.ts";
import { comparedCurvesPicture } from "../../src/report/pictures/compared_curves.ts";
import type { TrainOptions } from "../../src/train/options/table.ts";
import type { RunSummary } from "../../src/train/run/run_summary.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { centroid, near, rgb } from "../plot/_picture.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

const tiny = ["--hidden", "4", "--batch-size", "16", "--backend", "cpu", "--quiet"];

Deno.test("eval, plot and compare of several runs do not end at one that fails", () =>
  inFolder(async (cwd) => {
    const made = await fluxion(
      ["sweep", "train", "cnf", ...tiny, "--steps", "2", "--lr", "1e-2,1e-3", "--run-dir", "s"],
      { cwd },
    );
    assert.equal(made.code, 0, made.stderr);
    const [a, b] = ["s/lr-0.01", "s/lr-0.001"] as const;

    const evaluated = await fluxion(["eval", b, "nowhere", "s", "--n", "9", "--backend", "cpu"], {
      cwd,
    });
    assert.equal(evaluated.code, 2);
    assert.match(evaluated.stderr, /^fluxion: nowhere: there is no such run/m);
    const lines = evaluated.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ run, n }) => [run, n]), [[b, 9], [a, 9]]);
    assert.ok(lines.every(({ nll }) => Number.isFinite(nll)));

    const plotted = await fluxion(["plot", "nowhere", b, a, "--out", "p", ...tiny.slice(-3)], {
      cwd,
    });
    assert.equal(plotted.code, 2, plotted.stderr);
    for (const path of ["p/lr-0.01/samples.png", "p/lr-0.001/samples.png"]) {
      assert.ok(plotted.stdout.split("\n").includes(path), plotted.stdout);
      decodePng(Deno.readFileSync(`${cwd}/${path}`));
    }

    // A folder stands for its runs, in the order of their names.
    const compared = await fluxion(["compare", "s", "--json"], { cwd });
    assert.equal(compared.code, 0, compared.stderr);
    const { runs, differences, picture } = JSON.parse(compared.stdout);
    assert.deepEqual(runs.map(({ run }: { run: string }) => run), [b, a]);
    assert.deepEqual(differences, { lr: [0.001, 0.01] });
    assert.equal(picture, "comparison-0001.png");
    decodePng(Deno.readFileSync(`${cwd}/${picture}`));
    const printed = await fluxion(["compare", "s"], { cwd });
    assert.ok(printed.stdout.endsWith("\n\ncomparison-0001.png\n"), printed.stdout);

    // Different data are compared, and said to be; a broken run is left out; nothing is replaced.
    await Deno.mkdir(`${cwd}/t`);
    for (const name of ["other", "broken"]) {
      await Deno.mkdir(`${cwd}/t/${name}`);
      for (const { name: file, isFile } of Deno.readDirSync(`${cwd}/${a}`)) {
        if (isFile) await Deno.copyFile(`${cwd}/${a}/${file}`, `${cwd}/t/${name}/${file}`);
      }
    }
    const config = `${cwd}/t/other/config.json`;
    const text = Deno.readTextFileSync(config);
    assert.match(text, /"data": "moons"/);
    Deno.writeTextFileSync(config, text.replace('"data": "moons"', '"data": "checkerboard"'));
    Deno.truncateSync(`${cwd}/t/broken/checkpoint.safetensors`, 100);
    const again = await fluxion(["compare", a, "t/other", "t/broken"], { cwd });
    assert.equal(again.code, 2, again.stderr);
    assert.match(again.stderr, /t\/broken: broken: checkpoint.safetensors: not a valid/);
    assert.match(again.stderr, /different data \(moons, checkerboard\).* not comparable/);
    assert.match(
      again.stdout,
      /^run +data\ns\/lr-0.01 +moons\nt\/other +checkerboard\n\nrun +steps done/,
    );
    assert.ok(again.stdout.endsWith("\n\ncomparison-0002.png\n"));
    const kept = Deno.readFileSync(`${cwd}/comparison-0001.png`);
    const refused = await fluxion(["compare", "s", "--out", picture], { cwd });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the file exists; pass --overwrite/);
    assert.deepEqual(Deno.readFileSync(`${cwd}/comparison-0001.png`), kept);
  }));

Deno.test("writeComparison() replaces nothing, and writes no picture twice", () =>
  inFolder(async (folder) => {
    const [one, two, same] = [[1, 2, 3], [1, 2, 4], [1, 2, 3]].map((bytes) =>
      writeComparison.bind(null, folder, Uint8Array.from(bytes))
    );
    const names = [await one!(), await two!(), await same!(), await two!()];
    const expected = [1, 2, 1, 2].map((number) => `${folder}/comparison-000${number}.png`);
    assert.deepEqual(names, expected);
    assert.deepEqual([...Deno.readDirSync(folder)].length, 2);
  }));

Deno.test("incomparable() says when losses of runs are not comparable, and only then", () => {
  const run = (options: TrainOptions, sha256?: string) =>
    ({
      options: { model: "cnf", data: "/a/x.csv", seed: 0, ...options },
      dataFile: sha256 === undefined ? null : { sha256, rows: 1, columns: 1 },
      testFile: null,
    }) as unknown as RunSummary;
  const remarks = (...runs: RunSummary[]) => incomparable(runs).join("\n");
  assert.equal(remarks(run({}, "1"), run({ lr: 1 }, "1")), "");
  assert.equal(remarks(run({}, "1"), run({ data: "/b/copy.csv" }, "1")), "");
  assert.match(
    remarks(run({}, "1"), run({}, "2")),
    /different data \(x.csv, of different content\)/,
  );
  assert.match(remarks(run({ data: "moons" }), run({ data: "checkerboard" })), /different data/);
  assert.match(remarks(run({}), run({ model: "fm" })), /mean squared error/);
  const [scaled, images] = [{ standardize: "whiten" }, { model: "fm" }] as TrainOptions[];
  assert.match(remarks(run(scaled!), run(images!)), /with different scales/);
  assert.doesNotMatch(remarks(run(scaled!), run({ ...images, data: "mnist" })), /scales/);
  assert.match(remarks(run({}), run({ drop: ["a"] })), /different columns/);
  assert.match(remarks(run({}), run({ split: "ordered" })), /tested on different rows/);
  assert.match(remarks(run({}), run({ seed: 1 })), /each seed draws its own test rows/);
  assert.equal(remarks(run({ split: "ordered" }), run({ split: "ordered", seed: 1 })), "");
});

Deno.test("naturalOrder() orders the numbers in names by value", () => {
  const names = ["lr-0.01", "lr-5e-3", "lr-1", "a-10", "a-9", "a-9-b", "lr-0.001"];
  assert.deepEqual(names.sort(naturalOrder), [
    ...["a-9", "a-9-b", "a-10"],
    ...["lr-0.001", "lr-5e-3", "lr-0.01", "lr-1"],
  ]);
});

Deno.test("comparedCurvesPicture() draws the higher loss above the lower one", async () => {
  const log = (loss: number) => ({
    steps: Array.from({ length: 50 }, (_, i) => ({ step: i + 1, loss, stepMs: 1, nfe: null })),
    evaluations: [10, 30, 50].map((step) => ({ step, epoch: 1, testLoss: loss })),
  });
  const picture = (first: number, second: number) =>
    comparedCurvesPicture([
      { name: "first", model: "fm", log: log(first) },
      { name: "second", model: "fm", log: log(second) },
    ]);
  const height = (png: Uint8Array | null, color: string) =>
    // Below the legend, which is the same in both.
    centroid(decodePng(png!), (found, _, y) => y > 130 && near(found, rgb(color))).y;
  const [blue, orange] = ["#2271b5", "#e8710a"] as const;
  const up = await picture(2, 1), down = await picture(1, 2);
  assert.ok(height(up, blue) < height(up, orange));
  assert.ok(height(down, blue) > height(down, orange));
  const none = { steps: [], evaluations: [] };
  assert.equal(await comparedCurvesPicture([{ name: "a", model: "cnf", log: none }]), null);
  const mixed = await comparedCurvesPicture([
    { name: "a", model: "fm", log: log(1) },
    { name: "b", model: "cnf", log: log(1) },
  ]);
  assert.ok(decodePng(mixed!).height > 1.5 * decodePng(up!).height, "a panel for each model");
});
