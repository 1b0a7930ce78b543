import assert from "node:assert/strict";
import { root } from "../../../tools/bundle.ts";
import { buildSimd } from "../../../tools/build_simd.ts";

Deno.test("build:simd reproduces the committed .wasm files byte for byte", async () => {
  const modules = await buildSimd();
  assert.ok(modules.length > 0);
  for (const { path, bytes } of modules) {
    const committed = await Deno.readFile(`${root}/${path}`);
    assert.ok(
      committed.length === bytes.length && committed.every((byte, i) => byte === bytes[i]),
      `${path} differs from what its source builds: run deno task build:simd`,
    );
  }
  const built = modules.map(({ path }) => path).sort();
  assert.deepEqual(
    ["src", "tests/bench"].flatMap((folder) => [...wasmFiles(folder)]).sort(),
    built,
    "every module has its source",
  );
});

/** The WebAssembly modules in a folder. */
function* wasmFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* wasmFiles(`${folder}/${name}`);
    else if (name.endsWith(".wasm")) yield `${folder}/${name}`;
  }
}

// tools/build_simd.ts says why.
Deno.test("of two adjacent vectors kernels store the upper one first", () => {
  const store = /^\s*v128\.store\((\w[\w +*]*), (.*?)(?:, (\d+))?\);$/;
  const found = [...sources("src")].flatMap((path) => {
    const lines = Deno.readTextFileSync(`${root}/${path}`).split("\n");
    return lines.flatMap((line, i) => {
      const [one, two] = [store.exec(line), store.exec(lines[i + 1] ?? "")];
      const isLowerFirst = one !== null && two !== null && one[1] === two[1] &&
        Number(two[3] ?? 0) === Number(one[3] ?? 0) + 16;
      return isLowerFirst ? [`${path}:${i + 1}`] : [];
    });
  });
  assert.deepEqual(found, []);
});

/** The AssemblyScript sources in a folder. */
function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".as.ts")) yield `${folder}/${name}`;
  }
}
