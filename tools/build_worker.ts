import { deno, root } from "./bundle.ts";

/** The worker's program, bundled to a text that the library imports. */
export const workerBundle = `${root}/src/runtime/worker/entry.bundle.txt`;

const entry = `${root}/src/runtime/worker/entry.ts`;

/** What the bundle is made from: the entry and everything that it imports, sorted. */
export async function workerSources(): Promise<string[]> {
  const { success, stdout, stderr } = await deno(["info", "--json", entry]);
  if (!success) throw new Error(`deno info failed:\n${stderr}`);
  const { modules } = JSON.parse(stdout) as { modules: { local: string }[] };
  return modules.map(({ local }) => local.slice(root.length + 1)).sort();
}

/** The bundle's first line: the files that it is made from, and a hash over their content. */
export async function bundleHeader(sources: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    sources.map((source) => Deno.readTextFile(`${root}/${source}`)),
  );
  const bytes = new TextEncoder().encode(texts.join("\0"));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `// By deno task build:worker from ${sources.join(", ")}; sha256 ${hash}\n`;
}

if (import.meta.main) {
  const { success, stdout, stderr } = await deno(["bundle", "--quiet", "--frozen", entry]);
  if (!success) throw new Error(`deno bundle failed:\n${stderr}`);
  await Deno.writeTextFile(
    workerBundle,
    await bundleHeader(await workerSources()) + stdout + "\n",
  );
}
