import assert from "node:assert/strict";
import { closeName, editDistance, suggestion } from "../../src/core/suggestion.ts";

Deno.test("editDistance() counts insertions, deletions, substitutions and swaps", () => {
  // Wikipedia's examples: kitten/sitting for Levenshtein, ca/abc (3) for this variant.
  const cases = [["kitten", "sitting", 3], ["ca", "abc", 3], ["", "ab", 2], ["moosn", "moons", 1]];
  for (const [a, b, edits] of cases as [string, string, number][]) {
    assert.equal(editDistance(a, b), edits, `${a}, ${b}`);
    assert.equal(editDistance(b, a), edits);
  }
});

Deno.test("suggestion() offers a close name, and none if all are far", () => {
  const known = ["moons", "8gaussians", "mnist", "kmnist"];
  assert.equal(suggestion("Mnsit", known), ', did you mean "mnist"?');
  assert.equal(suggestion("gaussians", known), ', did you mean "8gaussians"?');
  assert.equal(suggestion("imagenet", known), "");
  assert.equal(suggestion("run-dir", ["runs", "n", "run"]), ', did you mean "run"?');
  assert.equal(closeName("weight-decay-rate", ["weight", "weight-decay"]), "weight-decay");
  assert.equal(suggestion("x", []), "");
  assert.equal(suggestion("x", ["n"]), "", "no letter in common");
});
