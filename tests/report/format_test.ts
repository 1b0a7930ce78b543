import assert from "node:assert/strict";
import { inlineMarkdownToHtml } from "../../src/page/markdown_to_html.ts";
import { duration } from "../../src/core/duration.ts";
import { code, number, plain, withError } from "../../src/report/pages/format.ts";

Deno.test("withError() rounds to the digits of the error", () => {
  assert.equal(withError(1.0513436, 0.0236), "1.051 ± 0.024");
  assert.equal(withError(-0.000123456, 0.0000042), "−0.0001235 ± 0.0000042");
  assert.equal(withError(412.3, 31), "412 ± 31");
  assert.equal(withError(1.5, NaN), "1.500");
});

Deno.test("number() formats four digits with a minus sign and thousands separators", () => {
  assert.equal(number(60000), "60,000");
  assert.equal(number(0.1464999), "0.1465");
  assert.equal(number(-12.3456), "−12.35");
  assert.equal(number(3.6e-11), "3.6e−11");
  assert.equal(number(123456.7), "123,457");
});

Deno.test("duration() is human-readable", () => {
  assert.deepEqual([0, 0.04, 7.26, 9.97, 25.4, 59.7, 310, 7500].map(duration), [
    "0 s",
    "0.0 s",
    "7.3 s",
    "10 s",
    "25 s",
    "1 min 0 s",
    "5 min 10 s",
    "2 h 5 min",
  ]);
});

Deno.test("plain() and code() escape any text", () => {
  for (const text of ["a_b*c", "|x_t|^2 < s", "$5 and $6", "[a](b)", "C:\\data\\#1", "~~x~~"]) {
    const words = inlineMarkdownToHtml(plain(text)).replace(/&lt;/g, "<").replace(/&gt;/g, ">");
    assert.equal(words, text);
  }
  for (const text of ["my_file.csv", "a`b", "`"]) {
    assert.equal(inlineMarkdownToHtml(code(text)), `<code>${text}</code>`);
  }
});

Deno.test("code() is one line without control characters", () => {
  assert.equal(code("a\n\n# b\x1b[8m"), "`a # b\ufffd[8m`");
  assert.equal(plain("\x1b*"), "\ufffd\\*");
});
