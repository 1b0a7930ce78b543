import assert from "node:assert/strict";
import { commandLine } from "../../src/core/command_line.ts";

Deno.test("commandLine() leaves plain arguments as they were typed", () => {
  const args = ["plot", "runs/a-1", "--rtol=1e-5"];
  assert.equal(commandLine(args), "fluxion plot runs/a-1 --rtol=1e-5");
});

Deno.test("commandLine() quotes what a POSIX shell would read more into", () => {
  assert.equal(
    commandLine(["sample", "my run's", "--out", "$HOME *.png", ""]),
    `fluxion sample 'my run'\\''s' --out '$HOME *.png' ''`,
  );
});
