import assert from "node:assert/strict";
import { root } from "../../../tools/bundle.ts";
import { inFolder } from "../../cli/_fluxion.ts";

const here = import.meta.dirname;
const unchecked = "--v8-flags=--no-wasm-bounds-checks";

/** Runs a program of its own, with all permissions; `limit`: so many KiB of addresses. */
async function run(args: readonly string[], limit?: number) {
  const command = limit === undefined ? "exec" : `ulimit -v ${limit}; exec`;
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `${command} deno run -q -A --no-prompt --config=${root}/deno.json "$@"`, "sh"]
      .concat(args),
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** What _program_memories.ts prints of each memory. */
interface ProgramMemory {
  readonly at: number;
  readonly isShared: boolean;
  readonly usesFirstPage: boolean;
  readonly open: readonly unknown[];
}

const ignore = Deno.build.os !== "linux";

Deno.test("behind every memory of a process without checks lies nothing that may be accessed", {
  ignore,
}, () =>
  inFolder(async (folder) => {
    const program = `${here}/_program_memories.ts`;
    const { code, stdout, stderr } = await run([unchecked, program, `${folder}/run`]);
    assert.equal(code, 0, stderr);
    const memories = JSON.parse(stdout.trim().split("\n").at(-1)!) as ProgramMemory[];
    // Of the engine, the kernels (with tfjs), the random numbers and the rasteriser.
    assert.equal(new Set(memories.map(({ at }) => at)).size, 4, stdout);
    assert.equal(memories.filter(({ isShared }) => isShared).length, 2, stdout);
    for (const { open } of memories) assert.deepEqual(open, [], stdout);
    const leaveFirstPage = memories.filter(({ usesFirstPage }) => !usesFirstPage);
    for (const isShared of [true, false]) {
      // One is tfjs's, and one the rasteriser's: they lay out their memories themselves.
      assert.ok(leaveFirstPage.some((memory) => memory.isShared === isShared), stdout);
    }
  }));

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("no memory of the program is made elsewhere than in guarded_memory.ts", () => {
  const makers = ["src", "cli", "tests/bench"].flatMap((folder) => [...sources(folder)])
    .filter((path) => /new WebAssembly\.Memory\(/.test(Deno.readTextFileSync(`${root}/${path}`)));
  assert.deepEqual(makers, ["src/core/wasm/guarded_memory.ts"]);
});

/** In KiB. Deno takes 48 GiB of addresses for a moment when it starts, and keeps 17. */
const LIMIT = 50 * 2 ** 20;

Deno.test(
  "where addresses are short, a process with checks runs and one without ends with one line",
  {
    ignore,
  },
  () =>
    inFolder(async (folder) => {
      const training = ["train", "fm", "--data", "moons", "--steps", "1", "--quiet"];
      const program = [`${here}/_short_of_addresses.ts`, ...training, "--backend", "cpu", "--run"];
      const checked = await run([...program, `${folder}/checked`], LIMIT);
      assert.equal(checked.code, 0, checked.stderr);
      const { code, stderr } = await run([unchecked, ...program, `${folder}/run`], LIMIT);
      assert.equal(code, 1);
      assert.match(stderr, /^fluxion: .*--no-wasm-bounds-checks.*4 GiB[^\n]*\n$/);
      // The command that it gives, which goes on from here without the flag.
      const command = /env -u DENO_V8_FLAGS deno run .* cli\/main\.ts (.*)\n$/.exec(stderr)?.[1];
      assert.equal(command, [...program.slice(1), `${folder}/run`].join(" "), stderr);
    }),
);
