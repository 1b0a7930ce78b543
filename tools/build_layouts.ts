import { relative } from "node:path/posix";
import type { Constants, FieldType, RecordLayout } from "../src/core/wasm/record_layout.ts";
import { root } from "./bundle.ts";

/**
 * Writes the records and constants that kernels share with TypeScript: `deno task build:layouts`.
 *
 * Each `src/**` + `/NAME.layout.ts` exports layouts (src/core/wasm/record_layout.ts), from which
 * `NAME.layout.part.as.ts` is generated next to it. Another language needs another function like
 * {@link assemblyScript} over the same records.
 */

/** A generated file: its path relative to the project's root, and its text. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** A layout file: its path relative to the project's root, and its exports. */
interface LayoutFile {
  readonly path: string;
  readonly exported: readonly (RecordLayout | Constants)[];
}

const assemblyScriptTypes = {
  ...{ i32: "i32", u32: "u32", f32: "f32", f64: "f64", address: "usize" },
} as const satisfies Record<FieldType, string>;

/** Paths of the layout files under a folder, sorted. */
export function layoutPaths(folder: string): string[] {
  return [...Deno.readDirSync(`${root}/${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return layoutPaths(path);
    return name.endsWith(".layout.ts") ? [path] : [];
  }).sort();
}

/** Generates the file next to each layout file. */
export async function buildLayouts(): Promise<GeneratedFile[]> {
  const files: LayoutFile[] = [];
  for (const path of layoutPaths("src")) {
    files.push({ path, exported: Object.values(await import(`file://${root}/${path}`)) });
  }
  return files.map((file) => ({
    path: file.path.replace(/\.ts$/, ".part.as.ts"),
    text: assemblyScript(file, files),
  }));
}

function assemblyScript(file: LayoutFile, all: readonly LayoutFile[]): string {
  const declared = file.exported.map((layout) =>
    layout.kind === "record" ? assemblyScriptClass(layout) : assemblyScriptConstants(layout)
  );
  const bases = file.exported.flatMap((layout) =>
    layout.kind === "record" && layout.base !== null ? [layout.base] : []
  );
  const imports = bases.filter((base) => !file.exported.includes(base)).map((base) => {
    const { path } = all.find(({ exported }) => exported.includes(base))!;
    const from = relative(file.path.replace(/\/[^/]*$/, ""), path.replace(/\.ts$/, ".part.as"));
    return `import { ${base.name} } from "${from.startsWith(".") ? from : `./${from}`}";\n`;
  });
  const name = file.path.replace(/.*\//, "");
  return [`// By deno task build:layouts from ${name}.\n`, ...imports, ...declared].join("\n");
}

function assemblyScriptClass({ name, about, base, fields }: RecordLayout): string {
  const lines = Object.entries(fields).map(([field, [type, what]]) =>
    `  /** ${what} */\n  ${field}: ${assemblyScriptTypes[type]};\n`
  );
  const extended = base === null ? "" : ` extends ${base.name}`;
  return `/** ${about} */\n@unmanaged\nexport class ${name}${extended} {\n${lines.join("")}}\n`;
}

function assemblyScriptConstants({ type, values, about }: Constants): string {
  const typeName = type === "size" ? "usize" : "i32";
  return Object.entries(values).map(([name, value]) =>
    `/** ${about[name]} */\nexport const ${name}: ${typeName} = ${value};\n`
  ).join("");
}

if (import.meta.main) {
  for (const { path, text } of await buildLayouts()) {
    await Deno.writeTextFile(`${root}/${path}`, text);
  }
}
