/** The project's root, without a trailing slash. */
export const root: string = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** Result of a `deno` command. */
export interface Outcome {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the current Deno executable in the project's root. */
export async function deno(args: readonly string[]): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

/** A file of the bundled program. */
export interface BundledFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Whether a chunk still has the bundler's placeholder for `require`, which throws at the first
 * `require("node:...")`. Occurs in minified bundles of Deno 2.9.6, where name mangling hides the
 * placeholder from Deno; which source edits trigger it is unpredictable.
 */
function lacksRequire(files: readonly BundledFile[]): boolean {
  const decoder = new TextDecoder();
  return files.some(({ bytes }) => decoder.decode(bytes).includes("Dynamic require of"));
}

/**
 * Bundles the program as plain JavaScript with everything embedded: main.js and its lazily loaded
 * chunks.
 *
 * @param options.minify If false, a comment before each module names its file.
 */
export async function bundleProgram(
  options: { readonly minify: boolean },
): Promise<BundledFile[]> {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await deno([
      ...["bundle", "--quiet", "--frozen", "--code-splitting", "--outdir", folder],
      ...(options.minify ? ["--minify"] : []),
      "cli/main.ts",
    ]);
    if (!success) throw new Error(`deno bundle failed:\n${stderr}`);
    const files = [...Deno.readDirSync(folder)]
      .map(({ name }) => ({ name, bytes: Deno.readFileSync(`${folder}/${name}`) }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
    if (!lacksRequire(files)) return files;
    if (options.minify) return await bundleProgram({ minify: false });
    throw new Error("deno bundle left no working require in the program");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
