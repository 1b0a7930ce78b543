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

Deno.test("a config file that is no JSON is refused with what is in its place", () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ["", /^c: not JSON: it is empty; write \{\} for no options$/],
    ['{\n  "steps": 2, // few\n}', /line 2: \/\/ begins a comment, which JSON does not have/],
    ['{"data": "a // b", /* c */ "lr": 1}', /line 1: \/\* begins a comment/],
    ['# c\n{"steps": 2}', /line 1: # begins a comment/],
    ['{\r\n"steps": 2,\r\n}', /line 2: a comma before a closing bracket; delete it/],
    ['{"drop": ["a",], "steps": 2}', /a comma before a closing bracket/],
    ["{'steps': 2}", /single quotes; write double ones/],
    ["{steps: 2}", /the name steps has no quotes; write \{"steps": \.\.\.\}/],
    ["steps: 2\nhidden: 8\n", /the name steps has no quotes/], // YAML
    ["steps = 2\n", /the name steps has no quotes/], // TOML
    ['{"lr": NaN}', /NaN is no value of JSON/],
    ['{"binarize": True}', /True is no value of JSON/],
    ['{"steps": 2} x', /after JSON at position 13/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseConfigFile(text, "c"), { name: "InputError", message }, text);
  }
  assert.throws(() => parseConfigFile('{"columns": "x,y"}', "c"), {
    message:
      /^c: columns: expected a list of one column or more, .* such as \["a", 2\]; found "x,y"/,
  });
});
