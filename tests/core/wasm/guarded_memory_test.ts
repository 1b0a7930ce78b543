import assert from "node:assert/strict";
import { root } from "../../../tools/bundle.ts";
import { inFolder } from "../../cli/_fluxion.ts";

const here = import.meta.dirname;
const unchecked = "--v8-flags=--no-wasm-bounds-checks";

/** Runs a separate process with all permissions; `limit`: KiB of address space. */
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

/** What _program_memories.ts prints per memory. */
interface ProgramMemory {
  readonly at: number;
  readonly isShared: boolean;
  readonly usesFirstPage: boolean;
  readonly isCompiledWith: boolean;
  readonly open: readonly unknown[];
}

const ignore = Deno.build.os !== "linux";

Deno.test("without bounds checks, nothing behind any memory of the process is accessible", {
  ignore,
}, () =>
  inFolder(async (folder) => {
    const program = `${here}/_program_memories.ts`;
    const { code, stdout, stderr } = await run([unchecked, program, `${folder}/run`]);
    assert.equal(code, 0, stderr);
    const memories = JSON.parse(stdout.trim().split("\n").at(-1)!) as ProgramMemory[];
    // Those of the engine, the kernels (with tfjs), the random numbers and the rasteriser.
    assert.equal(new Set(memories.map(({ at }) => at)).size, 4, stdout);
    assert.equal(memories.filter(({ isShared }) => isShared).length, 2, stdout);
    for (const { open } of memories) assert.deepEqual(open, [], stdout);
    // Compilation between reserving the region and creating the memory may map something in between.
    assert.ok(memories.every(({ isCompiledWith }) => !isCompiledWith), stdout);
    const leaveFirstPage = memories.filter(({ usesFirstPage }) => !usesFirstPage);
    for (const isShared of [true, false]) {
      // The exceptions are tfjs and the rasteriser, which lay out their own memories.
      assert.ok(leaveFirstPage.some((memory) => memory.isShared === isShared), stdout);
    }
  }));

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("memories are created only in guarded_memory.ts", () => {
  const makers = ["src", "cli", "tests/bench"].flatMap((folder) => [...sources(folder)])
    .filter((path) => /new WebAssembly\.Memory\(/.test(Deno.readTextFileSync(`${root}/${path}`)));
  assert.deepEqual(makers, ["src/core/wasm/guarded_memory.ts"]);
});

/** In KiB. Deno briefly reserves 48 GiB of address space when it starts, and keeps 17. */
const LIMIT = 50 * 2 ** 20;

Deno.test(
  "with little address space, a process with bounds checks runs and one without exits with one line",
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
      // The suggested command restarts without the flag.
      const command = /env -u DENO_V8_FLAGS deno run .* cli\/main\.ts (.*)\n$/.exec(stderr)?.[1];
      assert.equal(command, [...program.slice(1), `${folder}/run`].join(" "), stderr);
    }),
);
