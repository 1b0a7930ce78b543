import assert from "node:assert/strict";
import { asFlag, option, respelled, unmarked } from "../../../src/core/options/spelling.ts";

Deno.test("respelled() finds the output of option(), with its name and value", () => {
  const values = [
    undefined,
    0,
    -1.5,
    1e-300,
    Infinity,
    NaN,
    true,
    false,
    "moons",
    "größe/a-b.csv",
    "two words",
    'a"b\\c`d: 1`',
    "\x1b[2K\n",
    ["a", 2],
  ];
  for (const value of values) {
    const found: [string, string | undefined][] = [];
    const message = `before ${option("batchSize", value)}: after \`x y\``;
    const spelled = respelled(message, (...reference) => {
      found.push(reference);
      return "@";
    });
    assert.equal(spelled, "before @: after `x y`");
    assert.equal(found.length, 1);
    const [[name, text]] = found as [[string, string | undefined]];
    assert.equal(name, "batchSize");
    if (value === undefined) assert.equal(text, undefined);
    else if (text!.startsWith('"')) assert.equal(JSON.parse(text!), String(value));
    else assert.equal(text, String(value));
  }
});

Deno.test("respelled() keeps options for which spell() returns null", () => {
  const message = `${option("lr", 1)} and ${option("steps")}`;
  assert.equal(respelled(message, () => null), message);
  assert.equal(unmarked(message), "lr: 1 and steps");
});

Deno.test("asFlag() returns the command-line spelling", () => {
  assert.equal(asFlag("lrHorizon"), "--lr-horizon");
  assert.equal(asFlag("trace", "exact"), "--trace exact");
  assert.equal(asFlag("binarize", "false"), "--no-binarize");
  assert.equal(asFlag("binarize", "true"), "--binarize");
});
