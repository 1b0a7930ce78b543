import assert from "node:assert/strict";
import {
  bounded,
  fileChunks,
  lines,
  readBounded,
  whole,
} from "../../../src/core/files/bounded_file.ts";
import { InputError } from "../../../src/core/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("readBounded() reads whole files, and refuses those beyond the limit", async () => {
  const path = await Deno.makeTempFile();
  try {
    const content = Uint8Array.from({ length: 700_000 }, (_, i) => i % 251); // several chunks
    await Deno.writeFile(path, content);
    assert.deepEqual(await readBounded(path, 700_000), content);
    await assert.rejects(() => readBounded(path, 699_999), InputError);
    await Deno.truncate(path, 2 ** 40); // sparse: refused by its size, without reading
    await assert.rejects(
      () => readBounded(path, 2 ** 30),
      { name: "InputError", message: `${path}: exceeds the limit of 1 GiB` },
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("fileChunks() and bounded() stop an endless source at the limit", async () => {
  const message = "/dev/zero: exceeds the limit of 4 MiB";
  await assert.rejects(() => readBounded("/dev/zero", 2 ** 22), { name: "InputError", message });
  const endless = bounded(fileChunks("/dev/zero", Infinity), { place: "pipe", limit: 2 ** 22 });
  await assert.rejects(() => whole(endless), /^InputError: pipe: exceeds the limit of 4 MiB/);
});

Deno.test("readBounded() reports a folder and a missing file", async () => {
  await assert.rejects(() => readBounded("tests", 10), Deno.errors.IsADirectory);
  await assert.rejects(() => readBounded("tests/gone", 10), Deno.errors.NotFound);
});

Deno.test("lines() joins lines and characters split between chunks, and truncates long lines", async () => {
  async function* cut(content: Uint8Array<ArrayBuffer>, size: number) {
    for (let at = 0; at < content.length; at += size) yield content.slice(at, at + size);
  }
  for (const size of [1, 2, 3, 100]) {
    const read = (text: string) => Array.fromAsync(lines(cut(bytes(text), size), 5));
    assert.deepEqual(await read("größ\n\n€\r\nend"), ["größ", "", "€\r", "end"]);
    assert.deepEqual(await read("a\nb\n"), ["a", "b"]);
    assert.deepEqual(await read("0123456789\nx"), ["01234", "x"]);
    assert.deepEqual(await read(""), []);
  }
});
