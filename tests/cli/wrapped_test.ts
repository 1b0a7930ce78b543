import assert from "node:assert/strict";
import { wrapped, wrappedMessage } from "../../cli/terminal/wrapped.ts";
import { fluxion } from "./_fluxion.ts";
import { modulesUnder, sourceOf } from "./_messages.ts";

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

Deno.test("wrappedMessage() breaks between words, but not in commands and quoted text", () => {
  const message =
    "\x1b[31mfluxion:\x1b[39m interrupted; the same command goes on: fluxion sweep train " +
    'cnf --lr 1e-2,5e-3 --run-dir "my runs"; or give another name';
  assert.deepEqual(wrappedMessage(message, 40).split("\n"), [
    "\x1b[31mfluxion:\x1b[39m interrupted; the same command",
    "  goes on:",
    '  fluxion sweep train cnf --lr 1e-2,5e-3 --run-dir "my runs";',
    "  or give another name",
  ]);
  const fetching = 'run "fluxion doctor" to see why, or FLUXION_ALLOW_HOSTS=h fluxion data fetch x';
  assert.deepEqual(wrappedMessage(fetching, 34).split("\n"), [
    'run "fluxion doctor" to see why,',
    "  or",
    "  FLUXION_ALLOW_HOSTS=h fluxion data fetch x",
  ]);
  assert.equal(wrappedMessage("short  as it is", 40), "short  as it is");
  for (let columns = 14; columns < 80; columns++) {
    const text = "words of several lengths, one after the other, in a message".concat(" ").repeat(3)
      .trim();
    const lines = wrappedMessage(text, columns).split("\n");
    assert.ok(lines.every((line) => line.length <= columns), `${columns}: ${lines}`);
    assert.deepEqual(lines.join(" ").split(/ +/), text.split(" "));
  }
});

Deno.test("wrappedMessage() leaves figures with their units, within the width", () => {
  const text = "run: finished in 1 h 12 min, peak memory 0.32 GB (about 10 s left in all)";
  for (let columns = 14; columns < 80; columns++) {
    const lines = wrappedMessage(text, columns).split("\n");
    assert.ok(lines.every((line) => line.length <= columns), `${columns}: ${lines}`);
    assert.equal(lines.map((line) => line.trim()).join(" "), text);
    for (const figure of ["1 h", "12 min", "0.32 GB", "10 s"]) {
      assert.ok(lines.some((line) => line.includes(figure)), `${columns}: ${figure}`);
    }
  }
});

Deno.test("wrapped() and wrappedMessage() count columns of a terminal, not characters", () => {
  // A character of Chinese takes two, an accent that follows its letter none.
  assert.equal(wrappedMessage("人口.csv: 数据 1", 12), "人口.csv:\n数据 1");
  assert.equal(wrappedMessage("cafe\u0301.csv: 12", 13), "cafe\u0301.csv: 12");
  const [wide, more] = ["人口".repeat(6), "数据".repeat(2)];
  assert.equal(wrapped(`${wide} ${more}`, 26), `${wide}\n${more}`);
});

Deno.test("all messages take one way to stderr", () => {
  const writes = /Deno\.stderr\.write|writeAll\(Deno\.stderr|console\.(log|error|warn|info)\(/;
  const writers = [...modulesUnder("cli"), ...modulesUnder("src")].filter((module) =>
    writes.test(sourceOf(module).replaceAll(/^ *\*.*$/gm, ""))
  );
  // A signal is answered at once, by a thread of its own.
  assert.deepEqual(writers.toSorted(), ["cli/process/signal_entry.ts", "cli/terminal/terminal.ts"]);
});
