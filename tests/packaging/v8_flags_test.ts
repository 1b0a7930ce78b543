import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { v8Flags } from "../../tools/v8_flags.ts";
import { inFolder } from "../cli/_fluxion.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Runs the program with flags of V8; it must end well. */
async function run(folder: string, v8: readonly string[], args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--no-prompt", "--frozen", `--config=${root}/deno.json`, "-P=fluxion"],
      ...[...v8, `${root}/cli/main.ts`, ...args, "--quiet", "--backend", "cpu"],
    ],
    cwd: folder,
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

const image = ["--batch-size", "8", "--steps", "3", "--sample-every", "0", "--eval-every", "0"];
const point = ["--batch-size", "96", "--steps", "4", "--sample-every", "0", "--eval-every", "0"];
const trainings = {
  "an exact trace": ["cnf", ...point, "--hidden", "64"],
  "a probed trace": ["cnf", ...point, "--hidden", "36", "--trace", "hutchinson"],
  "the ResNet": ["fm", "--data", "mnist", "--net", "resnet", "--filters", "16", ...image],
  "the U-Net": ["fm", "--data", "mnist", "--net", "unet", "--filters", "16", ...image],
};
for (const [name, options] of Object.entries(trainings)) {
  Deno.test(`256-bit vectors without checks of bounds change no bit: ${name}`, {
    ignore: Deno.build.arch !== "x86_64",
  }, () =>
    inFolder(async (folder) => {
      // The optimising compiler from the first call on: no other makes 256-bit vectors.
      const optimised = "--no-liftoff";
      const wide = v8Flags(Deno.build.arch).map((flag) => `${flag},${optimised}`);
      const narrow = [`--v8-flags=${optimised}`];
      for (const [name, flags] of Object.entries({ wide, narrow })) {
        await run(folder, flags, ["train", ...options, "--run", name]);
        await run(folder, flags, ["sample", name, "--n", "20", "--out", `${name}.npy`]);
      }
      for (const end of ["/model.safetensors", ".npy"]) {
        const read = (name: string) => Deno.readFileSync(`${folder}/${name}${end}`);
        assert.deepEqual(read("wide"), read("narrow"), end);
      }
    }));
}
