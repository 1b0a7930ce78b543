import assert from "node:assert/strict";
import type { ReportDocument } from "../../src/report/pages/document.ts";
import { reportHtml } from "../../src/report/pages/html.ts";
import { reportMarkdown } from "../../src/report/pages/markdown.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";

const png = encodePng(new Uint8Array(4), { width: 2, height: 2 });

const picture = { bytes: png, format: "png", alt: "two [dots] <here>", look: "chart" } as const;

const document: ReportDocument = {
  title: "A <report> & more",
  subtitle: "made today",
  blocks: [{ kind: "prose", markdown: "Words with $x^2$ and `code`." }],
  sections: [{
    id: "first",
    title: "The first | part",
    outcome: "all is well",
    blocks: [
      { kind: "prose", markdown: "## Deeper\n\n```\n# no heading\n```\n" },
      { kind: "figure", picture, caption: "At $t = 0$.", command: "fluxion plot 'my run'" },
      {
        kind: "gallery",
        pictures: [{ picture, label: "epoch 1" }, { picture, label: "epoch 2" }],
        caption: "Samples.",
        command: "fluxion train cnf",
      },
      {
        kind: "table",
        columns: [{ name: "name", align: "left" }, { name: "value", align: "right" }],
        rows: [["a|b", "1.5"]],
      },
    ],
    sections: [{
      id: "first-inner",
      title: "Inner",
      outcome: null,
      blocks: [{ kind: "details", summary: "a < b", blocks: [{ kind: "prose", markdown: "x" }] }],
      sections: [],
    }],
  }],
};

Deno.test("reportMarkdown() nests headings, including those in prose, and leaves code unchanged", () => {
  const { markdown } = reportMarkdown(document, "files");
  const headings = markdown.split("\n").filter((line) => /^#+ /.test(line));
  assert.deepEqual(headings, [
    "# A \\<report\\> \\& more",
    "## The first \\| part",
    "### Deeper",
    "# no heading",
    "### Inner",
  ]);
});

Deno.test("reportMarkdown() shows each picture once, from its folder", () => {
  const { markdown, pictures } = reportMarkdown(document, "my files");
  const shown = [...markdown.matchAll(/!\[(?:\\.|[^\]])*\]\(([^)]*)\)/g)].map(([, path]) => path);
  assert.deepEqual(shown, pictures.map(({ name }) => `my%20files/${name}`));
  assert.equal(new Set(shown).size, 3);
  for (const { bytes } of pictures) assert.equal(bytes, png);
  assert.ok(markdown.includes("`fluxion plot 'my run'`"));
});

Deno.test("reportMarkdown() escapes bars in table cells", () => {
  const { markdown } = reportMarkdown(document, "files");
  assert.ok(markdown.includes("| name | value |\n| --- | ---: |\n| a\\|b | 1.5 |"));
});

Deno.test("reportHtml() escapes text and links its contents", () => {
  const html = reportHtml(document);
  assert.ok(html.includes("<h1>A &lt;report&gt; &amp; more</h1>"));
  assert.ok(html.includes('alt="two [dots] &lt;here&gt;"'));
  assert.ok(html.includes('<a href="#first">The first | part</a>'));
  assert.ok(html.includes("all is well"));
  assert.match(html, /<h2 id="first">The first \| part<\/h2>/);
  assert.match(html, /<h3 id="first-deeper">Deeper<\/h3>/, "one level below its section's heading");
  assert.match(html, /<h3 id="first-inner">Inner<\/h3>/);
  assert.match(html, /<summary>a &lt; b<\/summary>/);
  assert.match(html, /<math/);
  assert.equal(html.match(/<img/g)!.length, 3);
  assert.ok(!/<script/i.test(html));
});
