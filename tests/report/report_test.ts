import assert from "node:assert/strict";
import type { Block, ReportDocument, Section } from "../../src/report/pages/document.ts";
import type { ReportPart } from "../../src/report/pages/parts.ts";
import { reportHtml } from "../../src/report/pages/html.ts";
import { reportDocument } from "../../src/report/report.ts";
import { type Piece, subsection, workOf } from "../../src/report/plan.ts";
import type { ReportProgress } from "../../src/report/report_options.ts";
import { readReportedRun } from "../../src/report/reported_run.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";
import { claim, type Theorem } from "../../src/theory/theorem.ts";
import { train } from "../../src/train/train.ts";
import { samplesFile } from "../../src/train/run/run_folder.ts";
import { openSmall, smallRuns } from "../train/support/runs.ts";
import { inFolder } from "../cli/_fluxion.ts";
import { reportOptions as options } from "./support/report_options.ts";

const picture = encodePng(new Uint8Array(4), { width: 2, height: 2 });

/** A run that trains in a second, with a picture of samples as `fluxion train` draws it. */
async function smallRun(folder: string, kind: keyof typeof smallRuns) {
  const run = `${folder}/${kind}`;
  await train(smallRuns[kind], { run, openDataset: openSmall });
  await Deno.mkdir(`${run}/samples`);
  await Deno.writeFile(samplesFile(run, 1), picture);
  return await readReportedRun(run, { name: `runs/${kind}`, openDataset: openSmall });
}

function blocksOf(section: Section): readonly Block[] {
  return [...section.blocks, ...section.sections.flatMap(blocksOf)];
}

function pictures({ sections }: ReportDocument): Uint8Array[] {
  return sections.flatMap(blocksOf).flatMap((block) =>
    block.kind === "figure" ? [block.picture.bytes] : []
  );
}

/** The value of a row in a run's tables. */
function cell({ sections }: ReportDocument, row: RegExp): string {
  const tables = sections.flatMap(blocksOf).filter((block) => block.kind === "table");
  const found = tables.flatMap((table) => table.rows).filter(([name]) => row.test(name!));
  assert.equal(found.length, 1, `${row}: ${found.length} rows`);
  return found[0]![1]!;
}

Deno.test("reportDocument() draws pictures that depend on the seed only", async () => {
  await inFolder(async (folder) => {
    const parts: ReportPart[] = [{ kind: "run", run: await smallRun(folder, "images") }];
    const first = pictures(await reportDocument(parts, options));
    const again = pictures(await reportDocument(parts, options));
    assert.deepEqual(again, first);
    const other = pictures(await reportDocument(parts, { ...options, seed: 1 }));
    const same = other.filter((bytes, i) => bytes.join() === first[i]!.join());
    // Only the curves and the data; all other pictures show samples.
    assert.equal(same.length, 2);
  });
});

Deno.test("reportDocument() reports that a CNF's density integrates to one", async () => {
  await inFolder(async (folder) => {
    const document = await reportDocument(
      [{ kind: "run", run: await smallRun(folder, "cnf") }],
      options,
    );
    const words = document.sections.flatMap(blocksOf).flatMap((block) =>
      block.kind === "prose" ? [block.markdown] : []
    ).join("\n");
    const mass = Number(/\\int p\(x\)\\,dx = ([\d.]+)\./.exec(words)![1]);
    assert.ok(Math.abs(mass - 1) < 0.01, `${mass}`);
    assert.match(cell(document, /^Test NLL of the model, 10 points$/), /^[\d.]+ ± [\d.]+ nats$/);
    assert.match(document.sections[0]!.outcome!, /^test NLL/);
  });
});

Deno.test("reportDocument() says where a solve failed, without options that a report lacks", async () => {
  await inFolder(async (folder) => {
    const run = await smallRun(folder, "images");
    // A field this steep needs more steps than there are.
    const weights = run.weights.map((weight) => 1e4 * weight);
    const failures: string[] = [];
    const { sections } = await reportDocument([{ kind: "run", run: { ...run, weights } }], {
      ...options,
      onFailure: (label) => failures.push(label),
    });
    const notices = sections.flatMap(blocksOf).flatMap((block) =>
      block.kind === "notice" ? [block.markdown] : []
    );
    assert.ok(failures.includes("samples"), failures.join());
    assert.equal(notices.length, failures.length);
    const said = notices.find((notice) => notice.includes("Not computed: samples"))!;
    assert.match(said, /the solve stopped for samples .* at t = .*/);
    assert.doesNotMatch(said, /try `rtol|maxSteps/);
    assert.match(said, /`fluxion plot` and `fluxion sample` take `--rtol` and `--atol`/);
    // What needs no solve is there.
    const titles = sections[0]!.sections.map(({ title }) => title);
    assert.ok(titles.includes("Training") && titles.includes("The data"), titles.join());
  });
});

Deno.test("reportDocument() compares samples of images with training images", async () => {
  await inFolder(async (folder) => {
    const run = await smallRun(folder, "images");
    const document = await reportDocument([{ kind: "run", run }], options);
    const [samples, tests] = [/^Distance of a sample/, /^The same for a test image/].map((row) =>
      Number(cell(document, row))
    );
    // The RMS distance of two images of 36 independent uniform pixels is sqrt(36 / 6) = 2.45.
    assert.ok(tests! > 1.5 && tests! < 2.6, `${tests}`);
    assert.ok(samples! > 0);
  });
});

Deno.test("reportDocument() folds the sections of many runs, with their outcomes in view", async () => {
  await inFolder(async (folder) => {
    const run = await smallRun(folder, "images");
    const without = ["data", "solvers", "memory"] as const;
    const part: ReportPart = { kind: "run", run, without };
    const many = await reportDocument(Array.from({ length: 5 }, () => part), options);
    const runs = many.sections.slice(1, -1);
    assert.deepEqual(runs.map(({ folded }) => folded), [true, true, true, true, true]);
    const html = reportHtml(many);
    assert.match(
      html,
      /<summary><h2 id="fm-[^"]*">[^<]*<\/h2> <span class="note">test loss [^<]+<\/span><\/summary>/,
    );
  });
});

Deno.test("reportDocument() omits the sections named in `without` and shows a part's text", async () => {
  await inFolder(async (folder) => {
    const run = await smallRun(folder, "images");
    const { sections } = await reportDocument(
      [{ kind: "run", run, markdown: "Words.", without: ["data", "solvers", "memory"] }],
      options,
    );
    const [{ blocks, sections: inner, folded }] = sections as [Section];
    assert.equal(folded, false);
    assert.deepEqual(inner.map(({ title, folded }) => [title, folded]), [
      ["Samples", false],
      ["Training", false],
      ["Samples during training", true],
      ["From noise to image", true],
      ["Settings, machine and commands", true],
    ]);
    assert.deepEqual(blocks[0], { kind: "prose", markdown: "Words." });
  });
});

Deno.test("reportDocument() keeps its order, counts its pieces, and stops when aborted", async () => {
  const check = {
    name: "ddpm",
    pass: true,
    claims: [
      claim("x_t is *normal*", { observed: 1, expected: 1, tolerance: 0.25 }),
      claim("|z| is small", { observed: 9, expected: 0, tolerance: 1, stdErr: 0.5 }),
    ],
    rows: [],
  } as const;
  const theorem: Theorem = {
    name: "ddpm",
    title: "DDPM is a scheme",
    brief: "",
    derivation: "# DDPM is a scheme\n\n## Proof\n\n$x$",
    alt: "a picture",
    check: () => Promise.resolve(check),
    panels: () => Promise.resolve([{ x: { label: "x" }, y: { label: "y" }, series: [] }]),
    picture: () => Promise.reject(new Error("the report draws the panels itself")),
  };
  const parts: ReportPart[] = [{
    kind: "chapter",
    title: "Task 1",
    markdown: "Theory.",
    parts: [{ kind: "theorem", theorem, check }, { kind: "theorem", title: "2", theorem, check }],
  }];
  const seen: ReportProgress[] = [];
  const document = await reportDocument(parts, {
    ...options,
    onProgress: (progress) => seen.push(progress),
  });
  assert.deepEqual(document.sections.map(({ title }) => title), [
    "Results",
    "Task 1",
    "How this report was made",
  ]);
  const [first, second] = document.sections[1]!.sections;
  assert.deepEqual([first!.title, second!.title], ["DDPM is a scheme", "2"]);
  assert.notEqual(first!.id, second!.id);
  assert.equal(first!.outcome, "1 of 2 claims hold");
  assert.deepEqual(seen.map(({ done }) => done), seen.map((_, i) => i));
  assert.equal(seen[0]!.total, seen.length);
  assert.deepEqual(seen.map(({ share }) => share), seen.map((_, i) => i / seen.length));
  const table = blocksOf(first!).find((block) => block.kind === "table");
  assert.deepEqual(table!.rows, [
    ["x\\_t is \\*normal\\*", "1, within 0.25", "1"],
    ["\\|z\\| is small", "0, within 1", "9.00 ± 0.50, **fails**"],
  ]);

  const stop = new AbortController();
  const stopped = reportDocument(parts, {
    ...options,
    signal: stop.signal,
    onProgress: ({ done }) => done === 1 && stop.abort(new Error("enough")),
  });
  await assert.rejects(stopped, /enough/);
});

Deno.test("readReportedRun() says how to go on with a run stopped before its first step", async () => {
  await inFolder(async (folder) => {
    const run = `${folder}/stopped`;
    const signal = AbortSignal.abort();
    await train(smallRuns.images, { run, openDataset: openSmall, signal });
    await assert.rejects(
      readReportedRun(run, { name: "runs/stopped", openDataset: openSmall }),
      /no samples yet.*fluxion train fm --resume --run runs\/stopped/,
    );
  });
});

Deno.test("readReportedRun() reads only the pictures that are shown", async () => {
  await inFolder(async (folder) => {
    await smallRun(folder, "images");
    const run = `${folder}/images`;
    for (let epoch = 2; epoch <= 11; epoch++) {
      await Deno.writeFile(samplesFile(run, epoch), picture);
    }
    // Above the size limit of a picture: a sparse file, as a small archive may contain.
    await Deno.truncate(samplesFile(run, 2), 2 ** 26 + 1);
    const read = await readReportedRun(run, { name: "a", openDataset: openSmall });
    assert.deepEqual(read.epochs.map(({ epoch }) => epoch), [1, 3, 5, 7, 9, 11]);
    const document = await reportDocument([{ kind: "run", run: read }], options);
    const captions = document.sections.flatMap(blocksOf).flatMap((block) =>
      block.kind === "gallery" ? [block.caption] : []
    );
    assert.ok(captions.some((caption) => caption.endsWith("; 6 of 11.")), captions.join());
  });
});

Deno.test("workOf() counts pieces and adds their weights, those of subsections too", () => {
  const piece = (weight?: number): Piece => ({
    label: "",
    ...(weight === undefined ? {} : { weight }),
    make: () => Promise.resolve([]),
  });
  const inner = subsection("a", "inner", [piece(), piece(0.5)]);
  const outer = { ...subsection("a", "outer", [piece(7)]), sections: [inner, inner] };
  assert.deepEqual(workOf(outer), { count: 5, weight: 10 });
});
