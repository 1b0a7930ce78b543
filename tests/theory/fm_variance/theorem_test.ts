import assert from "node:assert/strict";
import { markdownToHtml } from "../../../src/page/markdown_to_html.ts";
import { decodePng } from "../../../src/core/png/decode_png.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { SAMPLES } from "../../../src/theory/fm_variance/marginal.ts";
import { VECTORS } from "../../../src/theory/fm_variance/norms.ts";
import { fmVariance } from "../../../src/theory/fm_variance/theorem.ts";

Deno.test("fmVariance's derivation renders, and no inline formula is wider than a phone", () => {
  const html = markdownToHtml(fmVariance.derivation); // throws if a formula does not parse
  assert.ok((html.match(/<math/g) ?? []).length > 150);
  // Inline formulas are not wrapped; about 40 characters fit.
  const prose = fmVariance.derivation.replace(/\$\$[^$]*\$\$/g, "").replace(/^\|.*$/gm, "");
  for (const [, latex] of prose.matchAll(/\$([^$]+)\$/g)) {
    const signs = latex!.replace(/\\(mathrm|mathbb|mathcal|left|right|dfrac|tfrac|frac)/g, "")
      .replace(/\\[a-z]+/gi, "x").replace(/[{}^_\s\\,;]/g, "");
    assert.ok(signs.length <= 42, `${latex}: ${signs.length}`);
  }
});

Deno.test("fmVariance draws its check, and its derivation states the sample sizes", async () => {
  const check = await fmVariance.check({ seed: 0, backend: await openBackend("cpu") });
  assert.equal(check.pass, true);
  const samples = [check.rows.length, SAMPLES, VECTORS].map((n) => n.toLocaleString("en"));
  for (const number of samples) assert.ok(fmVariance.derivation.includes(number), number);
  assert.ok(check.significance.tests > 600);
  assert.equal(check.significance.z.toFixed(1), "5.2");

  const png = await fmVariance.picture(check);
  const { width, height } = decodePng(png);
  assert.ok(width > 1000 && height > 1000);
  // The output of `--json` is enough to redraw the same picture.
  const again = await fmVariance.picture(JSON.parse(JSON.stringify(check)));
  assert.deepEqual(again, png);
  const narrow = { ...check, rows: check.rows.map((row) => ({ ...row, variance: 0.3 })) };
  assert.notDeepEqual(await fmVariance.picture(narrow), png);
});
