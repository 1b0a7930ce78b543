import assert from "node:assert/strict";
import { requirePass } from "../../cli/commands/theory/run.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { FailureError } from "../../src/core/errors.ts";
import { markdownToText } from "../../src/page/markdown_to_text.ts";
import { residualStudy } from "../../src/theory/ddpm/residual.ts";
import { updates } from "../../src/theory/ddpm/updates.ts";
import { claim } from "../../src/theory/theorem.ts";
import { loadTheorem, theoremNames } from "../../src/theory/theorems.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

Deno.test("fluxion theory NAME prints the derivation, then every claim", async () => {
  const { code, stdout, stderr } = await fluxion(["theory", "ddpm"]);
  assert.equal(code, 0);
  assert.match(stdout, /^DDPM's ancestral sampling .*\n═+\n/);
  // deno-lint-ignore no-control-regex -- no colours without a terminal
  assert.doesNotMatch(stdout, /\\|\x1b|FAIL/);
  assert.ok(stdout.split("\n").every((line) => [...line].length <= 90));
  const [derivation, check] = stdout.split("\nThe check\n─────────\n");
  assert.match(derivation!, /βₜ/);
  assert.match(check!, /^pass {2}.*\n(.*\n)* {6}observed 2\.0\d+ ± [\d.]+, expected 2, tolerance/m);
  const claims = check!.match(/^pass /gm)!.length;
  assert.match(check!, new RegExp(`^${claims} of ${claims} claims hold\n$`, "m"));
  assert.match(stderr, /^ddpm: checking its claims/);
});

Deno.test("fluxion theory NAME --brief is fifteen lines: statement, idea, verdict", async () => {
  const isBrief = (stdout: string) => {
    const lines = stdout.trimEnd().split("\n");
    return lines.length <= 15 && lines.every((line) => [...line].length <= 80);
  };
  const { code, stdout } = await fluxion(["theory", "fm-variance", "--brief"]);
  assert.equal(code, 0);
  assert.ok(isBrief(stdout), stdout);
  assert.match(stdout, /\nTheorem\. [^]*\nProof idea\. [^]*\n(\d+) of \1 claims hold\n$/);
  // The others differ in their text only, which comes before the check.
  for (const name of theoremNames) {
    const { title, brief } = await loadTheorem(name);
    const text = markdownToText(`# ${title}\n\n${brief}`, { width: 80, color: false });
    assert.ok(isBrief(`${text}\n9 of 9 claims hold\n`), text);
    assert.match(text, /\nTheorem\. [^]*\nProof idea\. /);
  }
  const refused = await fluxion(["theory", "kfp", "--brief", "--json"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--brief: does not apply: --json prints figures only\n$/);
});

Deno.test("fluxion theory NAME --json prints one object, which depends on the seed", async () => {
  const args = ["theory", "ddpm", "--json", "--quiet", "--seed", "1"];
  const { code, stdout, stderr } = await fluxion(args);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.equal(stdout.split("\n").length, 2);
  const check = JSON.parse(stdout);
  assert.equal(check.name, "ddpm");
  assert.equal(check.pass, true);
  const steps = check.rows.map((row: { steps: number }) => row.steps);
  assert.deepEqual([...steps.slice(0, 3), steps.at(-1)], [10, 20, 40, 10240]);
  assert.ok(check.rows.every(({ residual }: { residual: number }) => residual > 0));
  assert.ok(Math.abs(check.slope - 2) < 0.05 && check.slopeStdErr > 0);
  const { rows, slope } = residualStudy(updates, 1);
  assert.deepEqual({ rows: check.rows, slope: check.slope }, { rows, slope });
  assert.notEqual(slope, residualStudy(updates, 0).slope);
});

Deno.test("fluxion theory NAME --out writes a picture and a page, and replaces them only with --overwrite", () =>
  inFolder(async (folder) => {
    const args = ["theory", "fm-variance", "--out", "pages/new"];
    const { code, stdout } = await fluxion(args, { cwd: folder });
    assert.equal(code, 0);
    assert.equal(stdout, "pages/new/fm-variance.png\npages/new/fm-variance.html\n");
    const picture = decodePng(await Deno.readFile(`${folder}/pages/new/fm-variance.png`));
    assert.equal(picture.text.Command, "fluxion theory fm-variance --out pages/new");
    const page = await Deno.readTextFile(`${folder}/pages/new/fm-variance.html`);
    assert.match(page, /<h1>The variance of a flow-matching path/);
    assert.match(page, /<code[^>]*>fluxion theory fm-variance --out pages\/new<\/code>/);
    assert.match(page, /<img class="chart"[^>]*src="data:image\/png;base64,/);
    assert.match(page, /class="pass"/);
    assert.doesNotMatch(page, /class="fail"|<script/);

    // One existing file is enough to refuse; neither is touched.
    await Deno.remove(`${folder}/pages/new/fm-variance.png`);
    const refused = await fluxion(args, { cwd: folder });
    assert.equal(refused.code, 2);
    assert.equal(refused.stdout, "");
    assert.match(
      refused.stderr,
      /^fluxion: --out pages\/new: pages\/new\/fm-variance\.html exists; pass --overwrite[^\n]*\n$/,
    );
    assert.deepEqual([...Deno.readDirSync(`${folder}/pages/new`)].map(({ name }) => name), [
      "fm-variance.html",
    ]);
    assert.equal((await fluxion([...args, "--overwrite", "--json"], { cwd: folder })).code, 0);
    assert.equal([...Deno.readDirSync(`${folder}/pages/new`)].length, 2);
  }));

const wrong: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [["ddpn"], /NAME ddpn: no such theorem, did you mean "ddpm"\?; there are kfp, ddpm, fm-variance/],
  [["fm_variance"], /did you mean "fm-variance"\?/],
  [["gauss"], /NAME gauss: no such theorem; there are/],
  [[], /NAME is missing/],
  [["kfp", "--out", "file"], /--out file: is a file; name a folder/],
  [["kfp", "--seed", "-1"], /--seed -1: expected a whole number/],
  [["kfp", "--threads", "2"], /unknown option --threads/],
];

for (const [args, words] of wrong) {
  Deno.test(`fluxion theory ${args.join(" ")} is refused in one line`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      const { code, stdout, stderr } = await fluxion(["theory", ...args], { cwd: folder });
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^fluxion: [^\n]+\n$/);
      assert.match(stderr, words);
      assert.equal([...Deno.readDirSync(folder)].length, 1);
    }));
}

Deno.test("fluxion theory fails if a claim fails, and says which", () => {
  const good = claim("fine", { observed: 2, expected: 2, tolerance: 0 });
  const bad = claim("falls as dt^2", { observed: 1, stdErr: 0.01, expected: 2, tolerance: 0.1 });
  requirePass({ name: "ddpm", pass: true, claims: [good], rows: [] });
  assert.throws(
    () => requirePass({ name: "ddpm", pass: false, claims: [good, bad], rows: [] }),
    (error) =>
      error instanceof FailureError && error.message ===
        "theory ddpm: 1 of 2 claims hold; failed: falls as dt^2 (observed 1.000 ± 0.010, expected 2, " +
          "tolerance 0.1)",
  );
});

Deno.test("fluxion theory NAME is completed with Tab", async () => {
  const { stdout } = await fluxion(["__complete", "theory", ""]);
  assert.deepEqual(stdout.trimEnd().split("\n").map((line) => line.split("\t")[0]), [
    "kfp",
    "ddpm",
    "fm-variance",
  ]);
});
