/**
 * Checks the import rules between rooms: `deno task check:imports`.
 *
 * Imports point in one direction (docs/architecture.md). The graph is resolved by Deno itself
 * (`deno info --json`), so import maps, type imports and literal dynamic imports count as well.
 */

/** The rooms of `src/`, from the lowest floor up; a room imports from lower floors only. */
const floors: readonly (readonly string[])[] = [
  ["core"],
  ["plot", "page", "transport", "threads", "data", "metrics"],
  ["ops"],
  ["backends", "nn"],
  ["ode"],
  ["flows"],
  ["train"],
  ["theory"],
  ["report"],
];

/** Rooms without models: of the floors below they may import only these. */
const narrowRooms: Readonly<Record<string, readonly string[]>> = {
  metrics: ["core", "transport"],
};

/** Packages that only `cli/` may import, so that replacing the parser affects one folder. */
const cliPackages = ["@stricli/core"];

/** Uses of the process and the terminal, reserved to `cli/`. */
const processUse =
  /(?<![\w.])(console\.\w+|Deno\.(?:exit|exitCode|stdin|stdout|stderr|args|addSignalListener)\b)/;

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
}

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

/** The TypeScript files under a folder of the project, as paths relative to its root. */
function* sources(root: string, folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(root, path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function isPresent(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** `src/ode/field.ts` is in `src/ode`, `cli/main.ts` in `cli`, `mod.ts` in `mod.ts`. */
function roomOf(path: string): string {
  const [top, room] = path.split("/");
  return top === "src" ? `src/${room}` : top!;
}

/** Rooms of `src/` that a room may import besides itself; undefined for an unknown room. */
function roomsBelow(room: string): readonly string[] | undefined {
  const floor = floors.findIndex((rooms) => rooms.includes(room));
  return floor < 0 ? undefined : narrowRooms[room] ?? floors.slice(0, floor).flat();
}

/** Why `from` may not import `to` (paths relative to the root), or null if it may. */
function fault(from: string, to: string): string | null {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here === there) return null;
  if (here === "cli") {
    const isOurs = there.startsWith("src/") || there === "mod.ts";
    return isOurs || !/\.tsx?$/.test(to) ? null : "cli imports the package only";
  }
  if (here === "mod.ts" || here === "src/mod.ts") {
    return there.startsWith("src/") ? null : `${here} imports src only`;
  }
  const allowed = roomsBelow(here.slice("src/".length));
  if (allowed === undefined) return `${here} is not a room that tools/check_imports.ts knows`;
  if (there.startsWith("src/")) {
    const name = there.slice("src/".length);
    return allowed.includes(name) ? null : `${here} may import ${allowed.join(", ") || "nothing"}`;
  }
  // The contents of data/ (bytes and manifests, no code) belong to the data room.
  if (here === "src/data" && there === "data" && !/\.tsx?$/.test(to)) return null;
  return "src imports src only";
}

/** Entry points of the package: file to the specifier by which `cli/` imports it. */
function entryPoints(root: string): ReadonlyMap<string, string> {
  const { name, exports = {} } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`)) as {
    readonly name?: string;
    readonly exports?: Readonly<Record<string, string>>;
  };
  return new Map(
    Object.entries(exports).map(([entry, file]) => [file.slice(2), name + entry.slice(1)]),
  );
}

/** Whether a module has only side-effect imports and re-exports. */
function onlyReexports(text: string): boolean {
  return text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "")
    .replace(/\bexport (?:type )?(?:\*|\{[^}]*\}) from "[^"]+";|\bimport "[^"]+";/g, "").trim() ===
    "";
}

/** Files that an AssemblyScript source imports; Deno's graph excludes these sources. */
function assemblyScriptImports(root: string, file: string, known: ReadonlySet<string>): string[] {
  const text = Deno.readTextFileSync(`${root}/${file}`);
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)"/gm)].map(([, specifier]) => {
    const path = new URL(`${specifier}.ts`, `file:///${file}`).pathname.slice(1);
    if (!known.has(path)) throw new Error(`${file} imports ${specifier}, which is no file`);
    return path;
  });
}

/**
 * Import cycles: the strongly connected components of more than one file, each sorted.
 * Source: Tarjan 1972, SIAM J. Comput. 1(2), 146-160.
 */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) {
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
      }
    }
    if (lowest.get(file) !== order.get(file)) return;
    const component = stack.splice(stack.indexOf(file));
    if (component.length > 1) found.push(component.sort());
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

async function moduleGraph(root: string, files: readonly string[]): Promise<ModuleGraph> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const imports = files.map((file) => `import ${JSON.stringify(`file://${root}/${file}`)};\n`);
    await Deno.writeTextFile(entry, imports.join(""));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", `${root}/deno.json`, entry],
    }).output();
    if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(entry);
  }
}

/**
 * Lists every import and every use of the process that breaks the rules, one line each.
 *
 * @param root Absolute path of the project's root, without a trailing slash.
 */
export async function importFaults(root: string): Promise<string[]> {
  const all = ["src", "cli"].filter((folder) => isPresent(`${root}/${folder}`))
    .flatMap((folder) => [...sources(root, folder)]);
  if (isPresent(`${root}/mod.ts`)) all.push("mod.ts");
  const isAssemblyScript = (file: string) => file.endsWith(".as.ts");
  const files = all.filter((file) => !isAssemblyScript(file));
  const faults = new Set<string>();
  const entries = entryPoints(root);

  const prefix = `file://${root}/`;
  const known = new Set(all);
  const graph = new Map<string, Set<string>>(all.map((file) => [file, new Set()]));
  const add = (from: string, to: string): void => {
    if (known.has(to) && to !== from) graph.get(from)!.add(to);
    const reason = fault(from, to);
    if (reason !== null) faults.add(`${from} imports ${to}: ${reason}`);
  };
  for (const module of (await moduleGraph(root, files)).modules) {
    const from = decodeURI(module.specifier).replace(prefix, "");
    if (!known.has(from)) continue;
    for (const { specifier, code, type } of module.dependencies ?? []) {
      if (roomOf(from) !== "cli" && cliPackages.includes(specifier)) {
        faults.add(`${from} imports ${specifier}: only cli imports the parser`);
      }
      for (const target of [code?.specifier, type?.specifier]) {
        if (!target?.startsWith(prefix)) continue;
        const to = decodeURI(target).slice(prefix.length);
        add(from, to);
        if (roomOf(from) !== "cli" || roomOf(to) === "cli" || !known.has(to)) continue;
        // The command line uses the library's public API only.
        const entry = entries.get(to);
        if (specifier === entry) continue;
        const remedy = entry === undefined
          ? "from an entry point of deno.json's exports"
          : `as ${entry}`;
        faults.add(`${from} imports ${to}: cli imports it ${remedy}`);
      }
    }
  }
  for (const from of all.filter(isAssemblyScript)) {
    for (const to of assemblyScriptImports(root, from, known)) add(from, to);
  }
  for (const circle of circles(graph)) faults.add(`${circle.join(", ")}: import each other`);

  for (const file of files.filter((file) => entries.has(file))) {
    if (onlyReexports(Deno.readTextFileSync(`${root}/${file}`))) continue;
    faults.add(`${file} is an entry point and has code of its own: it may only re-export`);
  }
  for (const file of files.filter((file) => file.startsWith("src/"))) {
    Deno.readTextFileSync(`${root}/${file}`).split("\n").forEach((line, index) => {
      const code = line.replace(/(^|\s)\/\/ .*|^\s*\/?\*.*/, "");
      const use = processUse.exec(code)?.[0];
      if (use !== undefined) faults.add(`${file}:${index + 1} uses ${use}: only cli may`);
    });
  }
  return [...faults].sort();
}

if (import.meta.main) {
  const faults = await importFaults(new URL("..", import.meta.url).pathname.replace(/\/$/, ""));
  for (const line of faults) console.error(line);
  if (faults.length > 0) Deno.exit(1);
}
