/**
 * Checks who imports whom: `deno task check:imports`.
 *
 * Imports point one way (docs/architecture.md). The graph is the one that Deno
 * itself resolves (`deno info --json`), so that import maps, type imports and
 * literal dynamic imports count as well.
 */

/** The rooms of `src/`, and the rooms that each may import beside itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  kernels: ["runtime"],
  nn: ["kernels", "runtime"],
  ode: ["kernels", "runtime"],
  flows: ["nn", "ode", "kernels", "runtime"],
  data: ["runtime"],
  metrics: ["runtime"],
  train: ["flows", "nn", "ode", "kernels", "runtime", "data"],
  plot: ["flows", "nn", "ode", "kernels", "runtime"],
  theory: ["train", "data", "plot", "metrics", "flows", "nn", "ode", "kernels", "runtime"],
  page: ["runtime"],
  report: [
    "theory",
    "page",
    "train",
    "data",
    "plot",
    "metrics",
    "flows",
    "nn",
    "ode",
    "kernels",
    "runtime",
  ],
};

/** Packages that only `cli/` may import: another parser is then one folder's work. */
const cliPackages = ["@stricli/core"];

/** What belongs to the process and the terminal, and so to `cli/` alone. */
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

/** Why `from` may not import `to` (paths relative to the root), or null if it may. */
function fault(from: string, to: string): string | null {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here === there) return null;
  if (here === "cli") {
    return there.startsWith("src/") || !/\.tsx?$/.test(to) ? null : "cli imports src only";
  }
  if (here === "mod.ts") return there.startsWith("src/") ? null : "mod.ts imports src only";
  const room = here.slice("src/".length);
  const allowed = mayImport[room];
  if (allowed === undefined) return `src/${room} is not a room that tools/check_imports.ts knows`;
  if (there.startsWith("src/")) {
    const name = there.slice("src/".length);
    return allowed.includes(name) ? null : `${here} may import ${allowed.join(", ") || "nothing"}`;
  }
  // What ships in data/ (bytes and manifests, no code) is the data room's.
  if (here === "src/data" && there === "data" && !/\.tsx?$/.test(to)) return null;
  return "src imports src only";
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
 * Every import and every use of the process that breaks the rules, one line each.
 *
 * @param root The project's root, absolute, without a slash at its end.
 */
export async function importFaults(root: string): Promise<string[]> {
  const files = ["src", "cli"].filter((folder) => isPresent(`${root}/${folder}`))
    .flatMap((folder) => [...sources(root, folder)]);
  if (isPresent(`${root}/mod.ts`)) files.push("mod.ts");
  const faults = new Set<string>();

  const prefix = `file://${root}/`;
  const known = new Set(files);
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
        const reason = fault(from, to);
        if (reason !== null) faults.add(`${from} imports ${to}: ${reason}`);
      }
    }
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
