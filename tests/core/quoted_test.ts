import assert from "node:assert/strict";
import fc from "fast-check";
import { FailureError, InputError } from "../../src/core/errors.ts";
import { harmless, named, oneLine, quoted, quotedJson } from "../../src/core/quoted.ts";

/** What a terminal may obey: controls, separators, marks of direction, halves of a pair. */
const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

Deno.test("quoted() escapes what a terminal obeys and what nobody sees", () => {
  assert.equal(quoted("plain"), '"plain"');
  assert.equal(quoted('say "hi" \\'), '"say \\"hi\\" \\\\"');
  assert.equal(quoted("a\n\x1b[2Kfluxion: all is well"), '"a\\n\\u001b[2Kfluxion: all is well"');
  assert.equal(
    quoted("\x9b2J\x07\u202egnp.exe\u2028\ufeff"), // C1 CSI, bell, override, separator, BOM
    '"\\u009b2J\\u0007\\u202egnp.exe\\u2028\\ufeff"',
  );
  assert.equal(quoted("\ud83d"), '"\\ud83d"');
  assert.equal(quoted("\u{e0041}"), '"\\udb40\\udc41"'); // a tag letter, invisible
  assert.equal(quoted("größe \u{1f600}"), '"größe \u{1f600}"');
});

Deno.test("quoted() shortens, and never through a pair of surrogates", () => {
  assert.equal(quoted("x".repeat(100), 10), '"xxxxxxx..."');
  assert.equal(quoted(`${"x".repeat(6)}\u{1f600}yyyyyy`, 10), '"xxxxxx..."');
});

Deno.test("named() leaves plain names alone and quotes the others", () => {
  for (const name of ["layers.0.block.0.weight", "größe", "x_1[3]", "height/cm", "-1e+39"]) {
    assert.equal(named(name), name);
  }
  for (const name of ["", "two words", "a\nb", "a\u200bb", '"', "x".repeat(100)]) {
    assert.match(named(name), /^".*"$/);
  }
});

Deno.test("quotedJson() shows any value of a JSON file in a few letters", () => {
  assert.equal(quotedJson({ a: [1, null, "\n"] }), '{"a":[1,null,"\\n"]}');
  assert.equal(quotedJson(undefined), "undefined");
  assert.equal(quotedJson("\u202e"), '"\\u202e"');
  const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  assert.ok(quotedJson(deep).length < 100);
  assert.ok(quotedJson(Array(1e6).fill(7)).length <= 80);
});

Deno.test("harmless() keeps colours and lines, and nothing else that a terminal obeys", () => {
  const ours = "\x1b[1mbold\x1b[22m\n\tgrey \x1b[38;5;245mand\x1b[0m";
  assert.equal(harmless(ours), ours);
  assert.equal(harmless("\x1b[2K\r\x1b]0;title\x07"), "\\u001b[2K\\r\\u001b]0;title\\u0007");
  assert.equal(harmless("\x9b1mx\u2067"), "\\u009b1mx\\u2067");
});

Deno.test("an error's message is one short line, whatever is in it", () => {
  const anything = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "binary-ascii" }));
  fc.assert(fc.property(anything, (text) => {
    for (const line of [oneLine(text), quoted(text), named(text), quotedJson(text)]) {
      assert.doesNotMatch(line, obeyed);
    }
    assert.equal(oneLine(oneLine(text)), oneLine(text));
    assert.equal(new InputError(text).message, oneLine(text));
    assert.equal(new FailureError(text).message, oneLine(text));
  }));
  const long = new InputError(`place: ${"\x1b".repeat(6e6)}; what to do`).message;
  assert.ok(long.length <= 2000, `${long.length}`);
  assert.match(long, /^place: .* \.\.\. .*; what to do$/);
});
