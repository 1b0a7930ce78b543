import assert from "node:assert/strict";
import { MAX_JSON_BYTES, readBoundedText } from "../../src/core/files/bounded_file.ts";
import { parseConfigFile } from "../../src/train/config/config_file.ts";

const path = new URL("./files/config/bom.json", import.meta.url).pathname;

Deno.test("a config file may begin with a byte order mark, in UTF-8 and UTF-16", async () => {
  const bytes = await Deno.readFile(path);
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  const text = `\ufeff${new TextDecoder().decode(bytes)}`;
  assert.equal(parseConfigFile(text, "bom.json").options.steps, 2);
  const file = await Deno.makeTempFile();
  try {
    for (const isLittle of [true, false]) {
      const view = new DataView(new ArrayBuffer(2 * text.length));
      [...text].forEach((letter, i) => view.setUint16(2 * i, letter.charCodeAt(0), isLittle));
      for (const content of [bytes, new Uint8Array(view.buffer)]) {
        await Deno.writeFile(file, content);
        const { options } = parseConfigFile(await readBoundedText(file, MAX_JSON_BYTES), file);
        assert.equal(options.steps, 2);
      }
    }
  } finally {
    await Deno.remove(file);
  }
});
