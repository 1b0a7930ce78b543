import assert from "node:assert/strict";
import { hasBoundsChecks } from "../../../src/core/wasm/bounds_checks.ts";

const module = new URL("../../../src/core/wasm/bounds_checks.ts", import.meta.url).href;

/** hasBoundsChecks() as reported by a separate process with these V8 flags. */
async function saidWith(flags: string): Promise<string> {
  const program = `import { hasBoundsChecks } from "${module}"; console.log(hasBoundsChecks());`;
  const { stdout } = await new Deno.Command("deno", {
    args: ["eval", "-q", "--no-config", `--v8-flags=${flags}`, program],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("hasBoundsChecks() is true by default, and false with --no-wasm-bounds-checks", async () => {
  assert.equal(hasBoundsChecks(), true, "the tests run with checks");
  for (const compiler of ["--liftoff", "--no-liftoff"]) {
    assert.equal(await saidWith(compiler), "true", compiler);
    assert.equal(await saidWith(`${compiler},--no-wasm-bounds-checks`), "false", compiler);
  }
});
