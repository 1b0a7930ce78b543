import assert from "node:assert/strict";
import { commandLine } from "../../src/core/command_line.ts";

Deno.test("commandLine() leaves plain arguments unquoted", () => {
  const args = ["plot", "runs/a-1", "--rtol=1e-5"];
  assert.equal(commandLine(args), "fluxion plot runs/a-1 --rtol=1e-5");
});

Deno.test("commandLine() quotes arguments that a POSIX shell would interpret", () => {
  assert.equal(
    commandLine(["sample", "my run's", "--out", "$HOME *.png", ""]),
    `fluxion sample 'my run'\\''s' --out '$HOME *.png' ''`,
  );
});
