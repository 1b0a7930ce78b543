import assert from "node:assert/strict";
import type { ReportDocument } from "../../src/report/pages/document.ts";
import { reportPlace, writeReport } from "../../src/report/pages/write_report.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";
import { inFolder } from "../cli/_fluxion.ts";

/** A report with `count` pictures. */
function withPictures(count: number): ReportDocument {
  const bytes = encodePng(new Uint8Array(4), { width: 2, height: 2 });
  return {
    title: "Report",
    subtitle: "",
    blocks: Array.from({ length: count }, () => ({
      kind: "figure",
      picture: { bytes, format: "png", alt: "a picture", look: "chart" },
      caption: "",
      command: "fluxion plot a",
    })),
    sections: [],
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("reportPlace() picks the format from the file extension and rejects others", () => {
  assert.deepEqual(reportPlace("a/b.HTML"), { format: "html", path: "a/b.HTML", pictures: null });
  assert.deepEqual(reportPlace("a/b.md"), { format: "md", path: "a/b.md", pictures: "a/b-files" });
  assert.throws(() => reportPlace("report.pdf"), /report\.pdf: expected a name ending \.html or/);
});

Deno.test("writeReport() of HTML writes one file", async () => {
  await inFolder(async (folder) => {
    await writeReport(withPictures(1), reportPlace(`${folder}/r.html`));
    assert.deepEqual(await namesIn(folder), ["r.html"]);
  });
});

Deno.test("writeReport() of Markdown replaces all pictures of an older report", async () => {
  await inFolder(async (folder) => {
    const place = reportPlace(`${folder}/r.md`);
    await writeReport(withPictures(3), place);
    assert.equal((await namesIn(`${folder}/r-files`)).length, 3);
    await writeReport(withPictures(1), place);
    assert.equal((await namesIn(`${folder}/r-files`)).length, 1);
    assert.deepEqual(await namesIn(folder), ["r-files", "r.md"]);
    const markdown = await Deno.readTextFile(`${folder}/r.md`);
    const shown = /\]\((.*)\)/.exec(markdown)![1]!;
    await Deno.stat(`${folder}/${shown}`);
  });
});
