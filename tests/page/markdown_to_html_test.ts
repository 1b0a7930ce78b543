import assert from "node:assert/strict";
import { inlineMarkdownToHtml, markdownToHtml } from "../../src/page/markdown_to_html.ts";

Deno.test("markdownToHtml() renders inline and displayed formulas as MathML", () => {
  const html = markdownToHtml("Let $x_t$.\n$$\n\\frac{a}{b}\n$$\n- item\n  $$ c $$\n");
  assert.match(
    html,
    /<p>Let <span class="nobreak"><math><msub><mi>x<\/mi>.*<\/math>\.<\/span><\/p>/,
  );
  assert.equal(html.match(/class="formula"><math display="block"/g)?.length, 2);
  assert.match(html, /<mfrac><mi>a<\/mi><mi>b<\/mi><\/mfrac>/);
  assert.doesNotMatch(html, /\$/);
});

Deno.test("markdownToHtml() leaves prices alone, and reads no emphasis in a formula", () => {
  assert.equal(
    markdownToHtml("It costs $5 and $6, or \\$7."),
    "<p>It costs $5 and $6, or $7.</p>\n",
  );
  assert.doesNotMatch(markdownToHtml("$a*b*c_1$ and $d_1$"), /<em>/);
});

Deno.test("markdownToHtml() names an invalid formula and its line", () => {
  assert.throws(
    () => markdownToHtml("fine $x$\n\nand $\\frac{1$ here"),
    { name: "SyntaxError", message: /^Markdown, line 3: formula \\frac\{1: [^\n]+$/ },
  );
  assert.throws(() => markdownToHtml("$$\n\\nosuch\n$$"), /\\nosuch: Unsupported function name/);
  assert.throws(() => inlineMarkdownToHtml("a $\\nosuch$"), /\\nosuch/);
});

Deno.test("markdownToHtml() passes no HTML, script or external picture through", () => {
  const html = markdownToHtml(
    '<script>alert(1)</script>\n\na <b onclick="x">b</b> <img src=x>\n\n' +
      "[c](javascript:alert) [d](JaVaScRiPt:x) [e](data:text/html,x) [f](vbscript:x)\n\n" +
      '![g"](http://h.i/j.png) ![k](data:image/svg+xml;base64,AAAA)\n\n[l](https://m.n "o\\"p")',
  );
  assert.doesNotMatch(html, /<(script|b|img)\b/);
  assert.doesNotMatch(html, /href="(?!https:\/\/m\.n")/);
  assert.match(html, /<a href="https:\/\/m\.n" title="o&quot;p">l<\/a>/);
  assert.match(html, /&lt;b onclick=&quot;x&quot;&gt;b&lt;\/b&gt;/);
});

Deno.test("markdownToHtml() gives headings a level and a unique id, and tables a box", () => {
  const html = markdownToHtml("# A b, $x$\n\n## Same\n\n## Same\n\n| a |\n|--|\n| b |\n", {
    topLevel: 2,
    idPrefix: "kfp-",
  });
  assert.match(html, /<h2 id="kfp-a-b-x">A b, <math>/);
  assert.match(html, /<h3 id="kfp-same">Same<\/h3>\n<h3 id="kfp-same-2">Same/);
  assert.match(html, /<div class="wide"><table>[^]*<\/table>\n?<\/div>/);
});

Deno.test("inlineMarkdownToHtml() adds no paragraph", () => {
  assert.equal(
    inlineMarkdownToHtml("*a* `b<` **c**"),
    "<em>a</em> <code>b&lt;</code> <strong>c</strong>",
  );
});

for (const theorem of ["kfp", "ddpm", "fm_variance"]) {
  Deno.test(`markdownToHtml() renders every formula of the derivation of ${theorem}`, async () => {
    const path = new URL(`../../src/theory/${theorem}/derivation.md`, import.meta.url);
    const html = markdownToHtml(await Deno.readTextFile(path));
    assert.ok(html.match(/<math/g)!.length > 50);
    assert.doesNotMatch(html, /<merror|class="temml-error"|\$|color:\s*red/);
  });
}
