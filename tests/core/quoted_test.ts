import assert from "node:assert/strict";
import fc from "fast-check";
import { FailureError, InputError } from "../../src/core/errors.ts";
import {
  named,
  oneLine,
  quoted,
  quotedJson,
  terminalSafe,
  withoutControls,
} from "../../src/core/quoted.ts";

/** Characters that a terminal may act on: controls, separators, bidi marks, lone surrogates. */
const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

Deno.test("quoted() escapes control and invisible characters", () => {
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

Deno.test("quoted() truncates, and never inside a surrogate pair", () => {
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

Deno.test("quotedJson() shows any JSON value in a few characters", () => {
  assert.equal(quotedJson({ a: [1, null, "\n"] }), '{"a":[1,null,"\\n"]}');
  assert.equal(quotedJson(undefined), "undefined");
  assert.equal(quotedJson("\u202e"), '"\\u202e"');
  const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  assert.ok(quotedJson(deep).length < 100);
  assert.ok(quotedJson(Array(1e6).fill(7)).length <= 80);
});

Deno.test("terminalSafe() keeps colours and line feeds, and escapes every other control", () => {
  const ours = "\x1b[1mbold\x1b[22m\n\tgrey \x1b[38;5;245mand\x1b[0m";
  assert.equal(terminalSafe(ours), ours);
  assert.equal(terminalSafe("\x1b[2K\r\x1b]0;title\x07"), "\\u001b[2K\\r\\u001b]0;title\\u0007");
  assert.equal(terminalSafe("\x9b1mx\u2067"), "\\u009b1mx\\u2067");
});

Deno.test("withoutControls() leaves no character that XML does not allow", () => {
  assert.equal(withoutControls("a\x1b[31m\0\x7f\tb\r\n"), "a\ufffd[31m\ufffd\ufffd\tb\r\n");
});

Deno.test("error messages are one short line, whatever text they contain", () => {
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
