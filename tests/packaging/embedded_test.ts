import assert from "node:assert/strict";
import { embeddedFiles } from "../../tools/embed.ts";
import { root } from "../../tools/bundle.ts";
import { fromBase64, toBase64 } from "../../src/core/base64.ts";

Deno.test("build:embedded gives the .b64 files that are committed", () => {
  const files = embeddedFiles();
  assert.ok(files.length > 15);
  for (const { path, text } of files) {
    // Not equal(): it would print both texts.
    const isSame = Deno.readTextFileSync(`${root}/${path}`) === text;
    assert.ok(isSame, `${path} is outdated; run: deno task build:embedded`);
  }
});

Deno.test("fromBase64() and toBase64() do the same where the runtime cannot", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 89) ^ (i >> 3));
  const text = bytes.toBase64();
  assert.deepEqual(fromBase64(text), bytes);
  assert.equal(toBase64(bytes), text);
  const native = { fromBase64: Uint8Array.fromBase64, toBase64: Uint8Array.prototype.toBase64 };
  try {
    Object.assign(Uint8Array, { fromBase64: undefined });
    Object.assign(Uint8Array.prototype, { toBase64: undefined });
    assert.deepEqual(fromBase64(text), bytes);
    assert.equal(toBase64(bytes), text);
  } finally {
    Object.assign(Uint8Array, { fromBase64: native.fromBase64 });
    Object.assign(Uint8Array.prototype, { toBase64: native.toBase64 });
  }
});
