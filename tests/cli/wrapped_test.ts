import assert from "node:assert/strict";
import { wrapped } from "../../cli/terminal/wrapped.ts";
import { fluxion } from "./_fluxion.ts";

Deno.test("wrapped() leaves text that fits unchanged", () => {
  const text = "USAGE\n  fluxion  train\n\nTwo lines\nof a paragraph.\n";
  assert.equal(wrapped(text, 40), text);
});

Deno.test("wrapped() indents text after a gap and refills paragraphs", () => {
  const text = [
    "Trains a flow on points of any",
    "dimension. Prints the folder.",
    "",
    "FLAGS",
    "  [--data]  a data set's name, or a CSV file (default moons)",
    "  fluxion train cnf --data points.csv  points of a file of yours",
  ].join("\n");
  assert.deepEqual(wrapped(text, 38).split("\n"), [
    "Trains a flow on points of any",
    "dimension. Prints the folder.",
    "",
    "FLAGS",
    "  [--data]  a data set's name, or a",
    "            CSV file (default moons)",
    "  fluxion train cnf --data points.csv",
    "      points of a file of yours",
  ]);
  assert.equal(wrapped(text, 44).split("\n")[0], "Trains a flow on points of any dimension.");
});

Deno.test("wrapped() breaks all help texts only between words, and ignores colour codes", async () => {
  for (const args of [["--help"], ["train", "cnf", "--help"], ["sample", "--help"]]) {
    const { stdout } = await fluxion(args);
    const words = (text: string) => text.trim().split(/\s+/);
    for (const columns of [40, 60, 100]) {
      const text = wrapped(stdout, columns);
      assert.deepEqual(words(text), words(stdout));
      for (const line of text.split("\n")) {
        assert.ok(line.length <= columns, line);
      }
    }
  }
  const green = "\x1b[32mok\x1b[39m";
  assert.equal(wrapped(`  ${green}  a b c`, 12), `  ${green}  a b c`);
});
