import assert from "node:assert/strict";
import { fluxion, inFolder } from "./_fluxion.ts";
import { tinyRun } from "../report/support/tiny_runs.ts";

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** A modified copy of a run's folder. */
async function changed(
  run: string,
  copy: string,
  change: (folder: string) => Promise<unknown>,
): Promise<void> {
  await Deno.mkdir(`${copy}/samples`, { recursive: true });
  for (const name of await namesIn(run)) {
    if (name !== "samples") await Deno.copyFile(`${run}/${name}`, `${copy}/${name}`);
  }
  for (const name of await namesIn(`${run}/samples`)) {
    await Deno.copyFile(`${run}/samples/${name}`, `${copy}/samples/${name}`);
  }
  await change(copy);
}

Deno.test("fluxion report of a broken run, or to an existing path, is refused and writes nothing", async () => {
  await inFolder(async (folder) => {
    await tinyRun(folder, "fm-points");
    const run = `${folder}/fm-points`;
    const laterVersion = async (copy: string) => {
      const config = JSON.parse(await Deno.readTextFile(`${copy}/config.json`));
      await Deno.writeTextFile(`${copy}/config.json`, JSON.stringify({ ...config, format: 99 }));
    };
    const breakings: Readonly<Record<string, (copy: string) => Promise<unknown>>> = {
      "no-config": (copy) => Deno.remove(`${copy}/config.json`),
      "no-weights": (copy) => Deno.remove(`${copy}/checkpoint.safetensors`),
      "no-metrics": (copy) => Deno.remove(`${copy}/metrics.json`),
      "no-log": (copy) => Deno.remove(`${copy}/log.jsonl`),
      "no-samples": (copy) => Deno.remove(`${copy}/samples`, { recursive: true }),
      later: laterVersion,
      torn: (copy) => Deno.truncate(`${copy}/samples/epoch-0001.png`, 500),
    };
    for (const [name, change] of Object.entries(breakings)) {
      await changed(run, `${folder}/${name}`, change);
    }
    await Deno.writeTextFile(`${folder}/taken.html`, "mine");
    await Deno.mkdir(`${folder}/shown-files`);
    const before = await namesIn(folder);

    const out = ["--out", "new.html"];
    const cases: readonly (readonly [string[], RegExp])[] = [
      [["nowhere", ...out], /nowhere: there is no such run/],
      [["taken.html", ...out], /taken\.html: not a run folder/],
      [["no-config", ...out], /no-config: not a run folder: there is no .*config\.json/],
      [["no-weights", ...out], /no-weights: has no weights yet/],
      [["no-metrics", ...out], /no-metrics: not complete: .*metrics\.json.*--resume --run/],
      [["no-log", ...out], /no-log: not complete: .*log\.jsonl/],
      [["no-samples", ...out], /no-samples: no samples yet.*fluxion train fm --resume --run/],
      [["later", ...out], /later.*format 99: a later version of Fluxion wrote it.*update Fluxion/],
      [["torn", ...out], /torn\/samples\/epoch-0001\.png: not a whole PNG file/],
      // The second run's error is found before the first one's pictures are drawn.
      [["fm-points", "no-samples", ...out], /no-samples: no samples yet/],
      [["fm-points", "--out", "taken.html"], /taken\.html: the file exists; pass --overwrite/],
      [["fm-points", "--out", "shown.md"], /shown-files exists; pass --overwrite/],
      [["fm-points", "--out", "report.pdf"], /--out report\.pdf: expected a name ending \.html/],
      [["fm-points", "--out", "nowhere/r.html"], /there is no folder/],
      [["fm-points"], /--out is missing/],
      [out, /RUN is missing/],
    ];
    for (const [args, words] of cases) {
      const { code, stdout, stderr } = await fluxion(["report", ...args], { cwd: folder });
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
      assert.equal(stdout, "");
      assert.match(stderr, words);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
    assert.deepEqual(await namesIn(folder), before);
    assert.equal(await Deno.readTextFile(`${folder}/taken.html`), "mine");
  });
});

Deno.test("fluxion report --json prints its path and outcomes, and replaces files with --overwrite", async () => {
  await inFolder(async (folder) => {
    const rows = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(3 * i)}`);
    await Deno.writeTextFile(`${folder}/my points.csv`, rows.join("\n"));
    const trained = await fluxion([
      ...["train", "fm", "--data", "my points.csv", "--hidden", "8", "--batch-size", "16"],
      ...["--steps", "3", "--run", "a run", "--quiet", "--backend", "cpu"],
    ], { cwd: folder });
    assert.equal(trained.code, 0, trained.stderr);
    await Deno.writeTextFile(`${folder}/r.md`, "old");
    const args = ["report", "a run", "--out", "r.md", "--backend", "cpu", "--overwrite"];
    const { code, stdout, stderr } = await fluxion([...args, "--quiet", "--json"], { cwd: folder });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const { path, outcomes } = JSON.parse(stdout);
    assert.equal(path, "r.md");
    assert.match(outcomes[0].outcome, /test loss [\d.]+ ± [\d.]+/);
    const markdown = await Deno.readTextFile(`${folder}/r.md`);
    assert.match(markdown, /^## my points\.csv: flow matching$/m);
    assert.match(markdown, /`fluxion plot 'a run'`/);
    const shown = [...markdown.matchAll(/\]\(r-files\/([^)]*)\)/g)].map(([, name]) => name!);
    assert.deepEqual(shown.sort(), await namesIn(`${folder}/r-files`));
  });
});
