import assert from "node:assert/strict";
import { dataUri } from "../../src/page/data_uri.ts";
import { figure } from "../../src/page/figure.ts";
import { htmlPage } from "../../src/page/html_page.ts";
import { markdownToHtml } from "../../src/page/markdown_to_html.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";

const words = { title: "A <b> & 'c'", description: 'Says "d"' };

Deno.test("htmlPage() is self-contained and runs no scripts", () => {
  const page = htmlPage({ ...words, body: markdownToHtml("# x\n\n$x$ [out](https://a.b)") });
  assert.doesNotMatch(page, /<script|<link(?! rel="icon" href="data:,")|@import|\bsrc="(?!data:)/);
  // Styles and fonts are embedded.
  for (const [, address] of page.matchAll(/url\(\s*["']?([^)"']{0,12})/g)) {
    assert.match(address!, /^(data:|%23a$|#a)/);
  }
  assert.match(page, /default-src 'none'/);
});

Deno.test("htmlPage() escapes title and description, and embeds the maths font only for formulas", () => {
  const page = htmlPage({ ...words, body: "<p>no formula</p>" });
  assert.match(page, /<title>A &lt;b&gt; &amp; &#39;c&#39;<\/title>/);
  assert.match(page, /<h1>A &lt;b&gt; &amp; &#39;c&#39;<\/h1>/);
  assert.match(page, /content="Says &quot;d&quot;"/);
  assert.ok(page.length < 20_000, `${page.length}`);
  assert.ok(htmlPage({ ...words, body: markdownToHtml("$x$") }).length > 300_000);
});

Deno.test("htmlPage() lists the body's headings, third level nested under second", () => {
  const body = markdownToHtml("# One\n\n## In $x$\n\n## Also\n\n# Two", { topLevel: 2 });
  const page = htmlPage({ ...words, body, contents: "headings" });
  const list = /<nav[^]*<\/nav>/.exec(page)![0];
  const links = [...list.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(links, ["one", "in-x", "also", "two"]);
  for (const id of links) assert.ok(page.includes(`id="${id}"`));
  assert.equal(list.match(/<ol>/g)!.length, list.match(/<\/ol>/g)!.length);
  assert.equal(list.match(/<li>/g)!.length, 4);
  assert.match(list, /<math/);
  assert.doesNotMatch(htmlPage({ ...words, body: "<p>x</p>", contents: "headings" }), /<nav/);
});

Deno.test("figure() contains the picture, its size, texts and command", () => {
  const image = encodePng(new Uint8Array(4 * 8 * 6), { width: 8, height: 6 });
  const html = figure({
    image,
    kind: "chart",
    alt: 'a "b"',
    caption: "<em>c</em>",
    command: "fluxion <x>",
  });
  assert.ok(html.includes(`src="${dataUri(image, "image/png")}"`));
  assert.match(html, /class="chart" width="4" height="3" alt="a &quot;b&quot;"/);
  assert.match(html, /<em>c<\/em>[^]*<code[^>]*>fluxion &lt;x&gt;<\/code>/);
  const gif = new TextEncoder().encode("GIF89a\x20\x00\x10\x00");
  assert.match(
    figure({ image: gif, kind: "photo", alt: "", caption: "", density: 1 }),
    /width="32" height="16"/,
  );
  assert.throws(
    () => figure({ image: new Uint8Array(3), kind: "photo", alt: "", caption: "" }),
    /3 bytes/,
  );
});

Deno.test("dataUri() contains the file", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 7 % 256);
  const response = await fetch(dataUri(bytes, "image/png"));
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  assert.equal(response.headers.get("content-type"), "image/png");
});
