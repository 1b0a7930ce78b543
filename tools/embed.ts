/**
 * Writes the files that modules embed as base64: `deno task build:embedded`.
 *
 * `import text from "./NAME.b64" with { type: "text" }` embeds the file NAME, which is in the same
 * folder or comes from an npm package (`fromPackages`); NAME.gz.b64 embeds it compressed. See
 * `src/core/base64.ts` for the reason.
 */
import rasterizer from "@resvg/resvg-wasm/index_bg.wasm" with { type: "bytes" };
import tfjs from "@tensorflow/tfjs-backend-wasm/simd.wasm" with { type: "bytes" };
import inter from "fonts/inter.ttf" with { type: "bytes" };
import interSemibold from "fonts/inter-semibold.ttf" with { type: "bytes" };
import mathFont from "fonts/noto-sans-math.woff2" with { type: "bytes" };
import { gunzipSync, gzipSync } from "node:zlib";
import { root } from "./bundle.ts";
import { lettersJson } from "./letters.ts";

/** Embedded files from packages, by path relative to the project's root. */
const fromPackages: Readonly<Record<string, Uint8Array>> = {
  "src/backends/tfjs_simd.wasm": tfjs,
  "src/plot/drawing/_resvg.wasm": rasterizer,
  "src/plot/drawing/_letters.json": lettersJson(inter, interSemibold),
  "src/plot/drawing/_inter.ttf": inter,
  "src/plot/drawing/_inter_semibold.ttf": interSemibold,
  "src/page/_noto_sans_math.woff2": mathFont,
};

/** An embedded file: its path relative to the project's root, and its content. */
export interface EmbeddedFile {
  readonly path: string;
  readonly text: string;
}

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

/** Paths of all embedded files that modules import, sorted, relative to the project's root. */
function embeddedPaths(): string[] {
  const paths = [...sources("src")].flatMap((file) => {
    const text = Deno.readTextFileSync(`${root}/${file}`);
    return [...text.matchAll(/from\s+"(\.[^"]+\.b64)"/g)].map(([, specifier]) =>
      new URL(specifier!, `file:///${file}`).pathname.slice(1)
    );
  });
  return [...new Set(paths)].sort();
}

/** The text of an embedded file as it is; null if there is none. */
function presentText(path: string): string | null {
  try {
    return Deno.readTextFileSync(`${root}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Bytes in gzip's format: those of `present` if they hold the same, since compressors differ. */
function compressed(bytes: Uint8Array, present: string | null): Uint8Array {
  const kept = present === null ? null : Uint8Array.fromBase64(present);
  const isSame = kept !== null && gunzipSync(kept).equals(bytes);
  return isSame ? kept : new Uint8Array(gzipSync(bytes, { level: 9 }));
}

/** Expected content of every embedded file. */
export function embeddedFiles(): EmbeddedFile[] {
  return embeddedPaths().map((path) => {
    const [, source, gz] = /^(.*?)(\.gz)?\.b64$/.exec(path)!;
    const isCompressed = gz !== undefined && fromPackages[source!] !== undefined;
    const name = isCompressed ? source! : `${source}${gz ?? ""}`;
    const bytes = fromPackages[name] ?? Deno.readFileSync(`${root}/${name}`);
    const written = isCompressed ? compressed(bytes, presentText(path)) : bytes;
    return { path, text: written.toBase64() };
  });
}

/** Updates outdated embedded files. */
export function writeEmbeddedFiles(): void {
  for (const { path, text } of embeddedFiles()) {
    if (presentText(path) !== text) Deno.writeTextFileSync(`${root}/${path}`, text);
  }
}

if (import.meta.main) writeEmbeddedFiles();
