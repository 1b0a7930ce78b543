// The report of a homework, with the real derivations and small runs, in headless Chromium from
// Debian. The browser itself verifies that pictures decode, formulas have a size, nothing is loaded
// and nothing is wider than a phone.
import assert from "node:assert/strict";
import { homeworkChapters, problems } from "../../cli/commands/homework/chapters.ts";
import { openDataset } from "../../src/data/registry.ts";
import { reportDocument } from "../../src/report/report.ts";
import { compareRunGradients } from "../../src/report/run_gradients.ts";
import { runSelfTests } from "../../src/report/self_tests/self_test.ts";
import { readReportedRun } from "../../src/report/reported_run.ts";
import { resultsSection } from "../../src/report/results.ts";
import { reportPlace, writeReport } from "../../src/report/pages/write_report.ts";
import { claim, type Theorem, type TheoremName } from "../../src/theory/theorem.ts";
import { formula, stated } from "../../src/theory/statement.ts";
import { loadTheorem } from "../../src/theory/theorems.ts";
import { inFolder } from "../cli/_fluxion.ts";
import { readInBrowser } from "./support/read_in_browser.ts";
import { tinyRun } from "./support/tiny_runs.ts";

/** A theorem with its derivation and an instant check; the real ones take half a minute each. */
async function quickly(name: TheoremName) {
  const theorem: Theorem = {
    ...await loadTheorem(name),
    panels: () => Promise.resolve([{ x: { label: "x" }, y: { label: "y" }, series: [] }]),
  };
  const claims = [
    claim(stated`${formula("|x_t| < 1")} & more`, { observed: 0.5, expected: 0, tolerance: 1 }),
  ];
  return { theorem, check: { name, pass: true, claims, rows: [] } };
}

/** Writes the report of a homework. */
async function homeworkReport(folder: string): Promise<string> {
  const read = async (kind: Parameters<typeof tinyRun>[1]) =>
    await readReportedRun(await tinyRun(folder, kind), {
      name: `runs/${kind}`,
      openDataset: (name, opening) => openDataset(name, { ...opening, dataDir: null }),
    });
  const runs = { cnf: await read("cnf"), fm: await read("resnet"), fmUnet: await read("unet") };
  const solved = await Promise.all(problems.map(({ name }) => quickly(name)));
  const selfTests = await runSelfTests({ seed: 0, backend: "cpu" });
  const effort = { seed: 0, backend: "cpu", draws: 3, repeats: 1 } as const;
  const gradients = await compareRunGradients(runs.cnf, effort);
  const chapters = homeworkChapters({ solved, selfTests, runs, gradients });
  const document = await reportDocument(chapters, {
    title: "A homework's report",
    subtitle: "Made by a test.",
    introduction: "It is short.",
    command: "fluxion homework",
    version: "0",
    seed: 0,
    backend: "cpu",
  });
  // The widest table of results: of flow matching on points with a known density.
  const figures = [
    ["test NLL (nats)", "1.043 ± 0.023"],
    ["above the true density", "0.0434 ± 0.0086"],
    ["test loss", "0.978 ± 0.036"],
    ["W₂ to the data", "0.1381"],
    ["far from the data", "2.6 %"],
    ["Gaussian NLL", "1.873"],
    ["steps", "10,000"],
    ["time", "7.6 s"],
  ] as const;
  const run = {
    kind: "run",
    id: document.sections[0]!.id,
    title: "Two moons",
    folder: "runs/fm-moons-0001",
    model: "fm",
    group: "fm moons",
    figures: figures.map(([name, text]) => ({ name, text, lower: null })),
  } as const;
  const widest = { ...resultsSection([run, run], [])!, id: "widest" };
  const path = `${folder}/report.html`;
  await writeReport({ ...document, sections: [...document.sections, widest] }, reportPlace(path));
  return path;
}

Deno.test("the report of a homework opens in a browser, complete, offline and without scripts", async () => {
  await inFolder(async (folder) => {
    const path = await homeworkReport(folder);
    assert.ok((await Deno.stat(path)).size < 4_000_000);
    // Tiny runs take a second; the table of results also has to hold the time of a real one.
    const page = await Deno.readTextFile(path);
    const lasting = page.replace(/(data-name="time">)[^<]*/g, (_, start) => `${start}23 min 35 s`);
    assert.notEqual(lasting, page);
    await Deno.writeTextFile(path, lasting);
    const { complaints, requests, headings, ...seen } = await readInBrowser(path);

    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [`file://${path}`]);
    assert.equal(seen.scripts, 0);
    const wanted = ["Kolmogorov-Fokker-Planck", "DDPM", "variance", "two moons", "MNIST"];
    for (const words of [...wanted, "ResNet", "U-Net", "Likelihood"]) {
      assert.ok(headings.some((heading) => heading.includes(words)), `no heading with ${words}`);
    }
    // Both networks share their data; the most expensive sections are shown for one only.
    const count = (words: string) => headings.filter((heading) => heading.includes(words)).length;
    assert.deepEqual(["The data", "field evaluations", "memorising"].map(count), [2, 1, 1]);

    assert.ok(seen.images.length > 20, `${seen.images.length} images`);
    for (const image of seen.images) {
      assert.ok(image.decodes && image.width > 0, JSON.stringify(image));
      assert.notEqual(image.alt, "", `an image ${image.width} pixels wide says nothing`);
    }
    assert.ok(seen.formulas.length > 100, `${seen.formulas.length} formulas`);
    for (const { words, width, height } of seen.formulas) {
      assert.ok(width > 2 && height > 5, `${words}: ${width} x ${height}`);
    }

    assert.ok(seen.commands.length > 15, `${seen.commands.length} commands`);
    for (const command of seen.commands) {
      assert.match(command, /^fluxion (plot|compare|homework|train|theory|eval) ?/);
    }
    assert.ok(seen.links.length >= 14);
    for (const { words, leads } of seen.links) assert.ok(leads, `${words} leads nowhere`);

    assert.ok(seen.height <= 15_000, `${seen.height} pixels tall`);
    assert.deepEqual(seen.levels.filter((level) => level === 1), [1]);
    seen.levels.forEach((level, i) =>
      assert.ok(i === 0 || level <= seen.levels[i - 1]! + 1, `heading ${i} skips a level`)
    );
    for (const { width, scheme, shrunken, scrolled, faint } of seen.views) {
      // Charts are shown at the size they were drawn for, in which their letters are legible.
      assert.deepEqual(shrunken, [], `${width} ${scheme}`);
      assert.deepEqual(faint, [], `${width} ${scheme}`);
      if (width === 1280) assert.deepEqual(scrolled, []);
    }
    assert.deepEqual(seen.views.map(({ width, scheme, overflow }) => [width, scheme, overflow]), [
      [390, "light", 0],
      [390, "dark", 0],
      [1280, "light", 0],
      [1280, "dark", 0],
    ]);
  });
});
