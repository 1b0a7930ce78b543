import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const page = await Deno.readTextFile(`${root}/docs/architecture.md`);
const tree = /^```\n(mod\.ts[^]*?)\n```/m.exec(page)![1]!;

/** The folders that the tree shows, as paths: indentation is depth. */
function shownFolders(): Map<string, string> {
  const open: string[] = [];
  const folders = new Map<string, string>();
  for (const line of tree.split("\n")) {
    const [, indent, name, words] = /^( *)([\w.]+\/)?\s*(.*)$/.exec(line)!;
    if (name === undefined) continue;
    open.splice(indent!.length / 2);
    open.push(name.slice(0, -1));
    folders.set(open.join("/"), words!);
  }
  return folders;
}

function* foldersOf(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (!isDirectory) continue;
    yield `${folder}/${name}`;
    yield* foldersOf(`${folder}/${name}`);
  }
}

Deno.test("docs/architecture.md shows every folder of src/ and cli/ with a line, and no other", () => {
  const shown = shownFolders();
  const there = ["src", "cli"].flatMap((folder) => [...foldersOf(folder)]).sort();
  const ofTree = [...shown.keys()].filter((path) => /^(src|cli)\//.test(path)).sort();
  assert.deepEqual(ofTree, there);
  const silent = [...shown].filter(([path, words]) => words === "" && path !== "src");
  assert.deepEqual(silent.map(([path]) => path), []);
});

Deno.test("docs/architecture.md names only files and folders that are there", () => {
  const named = [...page.matchAll(/`((?:src|cli|tests|tools|data|docs)\/[\w./-]+)`/g)]
    .map(([, path]) => path!).filter((path) => !/NAME/.test(path));
  assert.ok(named.length > 40);
  const gone = named.filter((path) => {
    try {
      Deno.statSync(`${root}/${path}`);
      return false;
    } catch {
      return true;
    }
  });
  assert.deepEqual(gone, []);
});
