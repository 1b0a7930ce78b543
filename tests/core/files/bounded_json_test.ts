import assert from "node:assert/strict";
import { parseJson } from "../../../src/core/files/bounded_json.ts";

Deno.test("parseJson() accepts what JSON.parse accepts", () => {
  for (
    const text of [
      '{"a":[1,{"b":"]}[{\\"\\\\"}],"":null}',
      " [] ",
      `"${"[".repeat(100)}"`,
      "1e3",
      `${"[".repeat(32)}${"]".repeat(32)}`,
    ]
  ) {
    assert.deepEqual(parseJson(text), JSON.parse(text));
  }
  for (const text of ["", "{", '"', '"\\', "]]]", "[1,]"]) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
});

// Each bracket would take 60 bytes in JSON.parse, each {} 100: gigabytes for a file of 60 MB.
Deno.test("parseJson() refuses deep nesting and too many parts before allocating them", () => {
  assert.throws(() => parseJson("[".repeat(33)), /nested more than 32 deep/);
  assert.throws(() => parseJson('{"a":'.repeat(33)), /nested more than 32 deep/);
  assert.throws(() => parseJson(`[${"{},".repeat(4_194_304)}{}]`), /more than 4194304 arrays/);
  assert.throws(() => parseJson(`[${'"",'.repeat(4_194_304)}""]`), /more than 4194304 arrays/);
});
