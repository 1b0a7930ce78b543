/** The project's root, without a slash at its end. */
export const root: string = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** How a `deno` command ended, and what it wrote to stdout and stderr. */
export interface Outcome {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the Deno that runs this, in the project's root. */
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
 * Whether the bundler left its stand-in for `require` in a chunk instead of Node's: it throws at
 * the first `require("node:...")`. Seen in minified bundles of Deno 2.9.6, where a shortened name
 * hides the stand-in from Deno; which edit of the sources brings it about cannot be told.
 */
function lacksRequire(files: readonly BundledFile[]): boolean {
  const decoder = new TextDecoder();
  return files.some(({ bytes }) => decoder.decode(bytes).includes("Dynamic require of"));
}

/**
 * The program as plain JavaScript with everything embedded: main.js, and the
 * chunks that it loads late, by name.
 *
 * @param options.minify Without it, a comment stands before each module, which names its file.
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
