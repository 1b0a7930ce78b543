import { deno, root } from "./bundle.ts";

/** A worker program: its entry point, and the bundle that the library imports as text. */
export interface WorkerProgram {
  readonly entry: string;
  readonly bundle: string;
}

/** All worker programs. */
export const workerPrograms: readonly WorkerProgram[] = [
  "src/threads/worker_entry",
  "cli/process/signal_entry",
].map((name) => ({ entry: `${root}/${name}.ts`, bundle: `${root}/${name}.bundle.txt` }));

/** Sources of a bundle: the entry point and everything that it imports, sorted. */
async function workerSources({ entry }: WorkerProgram): Promise<string[]> {
  const { success, stdout, stderr } = await deno(["info", "--json", entry]);
  if (!success) throw new Error(`deno info failed:\n${stderr}`);
  const { modules } = JSON.parse(stdout) as { modules: { local?: string }[] };
  return modules.flatMap(({ local }) => local === undefined ? [] : [local.slice(root.length + 1)])
    .sort();
}

/** First line of a bundle: its source files and a hash of their content. */
export async function bundleHeader(sources: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    sources.map((source) => Deno.readTextFile(`${root}/${source}`)),
  );
  const bytes = new TextEncoder().encode(texts.join("\0"));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `// By deno task build:worker from ${sources.join(", ")}; sha256 ${hash}\n`;
}

if (import.meta.main) {
  for (const program of workerPrograms) {
    const { success, stdout, stderr } = await deno([
      "bundle",
      "--quiet",
      "--frozen",
      program.entry,
    ]);
    if (!success) throw new Error(`deno bundle failed:\n${stderr}`);
    await Deno.writeTextFile(
      program.bundle,
      await bundleHeader(await workerSources(program)) + stdout + "\n",
    );
  }
}
