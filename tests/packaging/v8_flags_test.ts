import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { v8Flags } from "../../tools/v8_flags.ts";
import { inFolder } from "../cli/_fluxion.ts";
import { writeInputFiles } from "../digests/input_files.ts";
import { trainings } from "./_train_and_sample.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Runs _train_and_sample.ts with flags of V8. */
async function run(cwd: string, v8: readonly string[], folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--no-prompt", "--frozen", `--config=${root}/deno.json`, "-P=fluxion"],
      ...[...v8, `${root}/tests/packaging/_train_and_sample.ts`, folder],
    ],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** What the tasks' `$(sh tools/v8_flags.sh)` becomes, after a command of the shell. */
async function flagsAfter(command: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `${command}; . tools/v8_flags.sh`],
    cwd: root,
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("the tasks and the one-file program start with the same flags of V8, on x86-64 only", async () => {
  assert.deepEqual(v8Flags("aarch64"), []);
  for (const name of ["fluxion", "demo", "bench:cpu"] as const) {
    const { command } = settings.tasks[name];
    assert.ok(command.startsWith("deno run -q --no-prompt $(sh tools/v8_flags.sh 2>/dev/null) "));
  }
  assert.equal(await flagsAfter(":"), v8Flags(Deno.build.arch).join(" "));
  assert.equal(await flagsAfter("uname() { echo aarch64; }"), "");
});

Deno.test("where the address space is limited the tasks start without flags of V8", async () => {
  assert.equal(await flagsAfter("ulimit -v 100000000"), "");
});

Deno.test("256-bit vectors without checks of bounds change no bit", {
  ignore: Deno.build.arch !== "x86_64",
}, async (t) => {
  await inFolder(async (folder) => {
    await writeInputFiles(folder);
    // The optimising compiler from the first call on: no other makes 256-bit vectors.
    const optimised = "--no-liftoff";
    await run(folder, v8Flags(Deno.build.arch).map((flag) => `${flag},${optimised}`), "wide");
    await run(folder, [`--v8-flags=${optimised}`], "narrow");
    for (const name of Object.keys(trainings)) {
      await t.step(name, () => {
        for (const end of ["/model.safetensors", ".samples"]) {
          const read = (build: string) => Deno.readFileSync(`${folder}/${build}/${name}${end}`);
          assert.deepEqual(read("wide"), read("narrow"), end);
        }
      });
    }
  });
});
