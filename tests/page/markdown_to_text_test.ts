import fc from "fast-check";
import assert from "node:assert/strict";
import { textCells } from "../../src/page/latex_to_text.ts";
import { markdownToText, wrapText } from "../../src/page/markdown_to_text.ts";

const plain = { width: 40, color: false };

Deno.test("markdownToText() renders headings, emphasis, lists, quotes, code and rules", () => {
  const text = markdownToText(
    "# Big *one*\n\n## Two\n\nA **b** `c` [d](https://e.f) [g](#h) &amp; <i>x</i>\n\n" +
      "- one\n  1. in\n- [x] two\n\n> said\n\n```sh\nls -l\n```\n\n---\n",
    plain,
  );
  assert.equal(
    text,
    "Big one\n═══════\n\nTwo\n───\n\nA b c d (https://e.f) g & <i>x</i>\n\n" +
      `• one\n  1. in\n• [x] two\n\n│ said\n\n    ls -l\n\n${"─".repeat(40)}\n`,
  );
});

Deno.test("markdownToText() aligns tables in columns, and wraps the widest if there is no room", () => {
  const table = "| name | n |\n|:--|--:|\n| $x^2$ | 12 |\n| much longer words than fit | 3 |\n";
  assert.equal(
    markdownToText(table, { width: 60, color: false }),
    "name                          n\n──────────────────────────  ───\n" +
      "x²                           12\nmuch longer words than fit    3\n",
  );
  const narrow = markdownToText(table, { width: 20, color: false }).split("\n");
  assert.ok(narrow.every((line) => textCells(line) <= 20));
  assert.ok(narrow.some((line) => /^much longer +3$/.test(line)));
});

Deno.test("markdownToText() renders inline formulas, and sets displayed ones apart", () => {
  const text = markdownToText("If $x_t$ then\n$$\nx = \\frac12\n$$\nfor \\$5 and $6.", plain);
  assert.equal(text, "If xₜ then\n\n  x = ½\n\nfor $5 and $6.\n");
  const terms = Array.from({ length: 20 }, (_, i) => `a_{${i}}`).join(" + ");
  const long = markdownToText(`$$y = ${terms}$$`, plain).trimEnd().split("\n");
  assert.ok(long.length > 1 && long.every((line) => textCells(line) <= 40));
  assert.ok(
    long.slice(1).every((line) => /^ +\+ a/.test(line)),
    "every continuation line starts with a sign",
  );
});

Deno.test("markdownToText() uses colours only on request, and resets each", () => {
  const markdown = "# A\n\n**b** *c* `d` [e](https://f.g)\n\n| h |\n|--|\n| **i** |\n";
  const colored = markdownToText(markdown, { width: 40, color: true });
  // deno-lint-ignore no-control-regex -- colour codes
  const codes = /\x1b\[[\d;]*m/g;
  assert.ok(colored.match(codes)!.length >= 10);
  assert.equal(colored.replace(codes, ""), markdownToText(markdown, plain));
});

Deno.test("markdownToText() passes no control characters to the terminal", () => {
  const text = markdownToText("a \x1b[2J b\u202e\n\n`\x07`\n\n    \x9b2J\n\n$\x1b$", plain);
  // deno-lint-ignore no-control-regex -- control characters are intended
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

Deno.test("markdownToText() and wrapText() keep the words in order and within the width", () => {
  const word = fc.stringMatching(/^[a-zA-Zäßλ漢]{1,12}$/);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1 }),
      fc.integer({ min: 26, max: 90 }),
      (words, width) => {
        const lines = wrapText(words.join(" "), width);
        assert.deepEqual(lines.join(" ").split(" "), words);
        assert.ok(lines.every((line) => textCells(line) <= width));
        // The first word of the next line would not fit on this one.
        lines.slice(1).forEach((line, i) =>
          assert.ok(textCells(`${lines[i]} ${line.split(" ")[0]}`) > width)
        );
        assert.equal(
          markdownToText(words.join("\n"), { width, color: false }),
          `${lines.join("\n")}\n`,
        );
      },
    ),
  );
});

Deno.test("markdownToText() accepts any text", () => {
  const piece = fc.constantFrom(
    "# ",
    "- ",
    "> ",
    "| a | b |\n|--|--|\n",
    "\n\n",
    "`",
    "**",
    "_",
    "[x](y)",
    "![",
    "$",
    "$$",
    "<b>",
    "&amp;",
    "a ",
    "\t",
    "1. ",
  );
  const markdown = fc.oneof(
    fc.array(piece, { maxLength: 25 }).map((all) => all.join("")),
    fc.string(),
  );
  fc.assert(fc.property(markdown, (text) => typeof markdownToText(text, plain) === "string"));
  assert.throws(
    () => markdownToText("x", { width: 10, color: false }),
    /width of 20 or more, got 10/,
  );
});

for (const theorem of ["kfp", "ddpm", "fm_variance"]) {
  Deno.test(`markdownToText() renders the derivation of ${theorem} without LaTeX, within the width`, async () => {
    const path = new URL(`../../src/theory/${theorem}/derivation.md`, import.meta.url);
    const source = await Deno.readTextFile(path);
    for (const width of [40, 60, 80, 100]) {
      const text = markdownToText(source, { width, color: false });
      assert.ok(text.length > 5000);
      assert.doesNotMatch(text, /\\|\$/);
      const wide = text.split("\n").filter((line) => textCells(line) > width);
      assert.deepEqual(wide, [], `${width}`);
    }
  });
}

Deno.test("markdownToText() keeps the cells of a table within the width, by columns or one below another", () => {
  const source = "| case | a long name | c |\n|--|--|--:|\n" +
    "| first one | 0123456789012345678901 | 7 |\n| two | x y | 1234567890123 |\n";
  for (let width = 28; width <= 80; width++) {
    const text = markdownToText(source, { width, color: false });
    for (const line of text.split("\n")) assert.ok(textCells(line) <= width, `${width}: ${line}`);
    for (const word of ["0123456789012345678901", "1234567890123", "first", "two"]) {
      assert.ok(text.includes(word), `${width}: ${word}`);
    }
  }
  assert.equal(
    markdownToText(source, { width: 30, color: false }),
    "case: first one\n  a long name:\n  0123456789012345678901\n  c: 7\n\n" +
      "case: two\n  a long name: x y\n  c: 1234567890123\n",
  );
});
