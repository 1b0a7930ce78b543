import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** What a file may be called that a task writes: not counted. */
const isGenerated = /\.layout\.part\.as\.ts$/;

function* files(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* files(`${folder}/${name}`);
    else if (name.endsWith(".ts") && !isGenerated.test(name)) yield `${folder}/${name}`;
  }
}

Deno.test("every file of src/ is below 500 lines, AssemblyScript below 800", () => {
  const long = [...files("src")].flatMap((path) => {
    const lines = Deno.readTextFileSync(`${root}/${path}`).split("\n").length - 1;
    return lines >= (path.endsWith(".as.ts") ? 800 : 500) ? [`${path}: ${lines}`] : [];
  });
  assert.deepEqual(long, []);
});

Deno.test("no folder of src/ or cli/ has more than 15 TypeScript files at one level", () => {
  const counts = new Map<string, number>();
  for (const path of [...files("src"), ...files("cli")]) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  assert.ok(counts.size > 50);
  assert.deepEqual([...counts].filter(([, count]) => count > 15), []);
});
