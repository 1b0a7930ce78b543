/** Runs the command line as users do: as a process, with the permissions that `deno.json` names for it. */

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** What a process did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what a process runs. */
export interface Surroundings {
  /** Folder of the process; the folder where the user stands. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A started `fluxion ARGS`. */
export function start(args: readonly string[], around: Surroundings = {}): Deno.ChildProcess {
  return new Deno.Command("deno", {
    args: [
      "run",
      "-q",
      "--no-prompt",
      "--frozen",
      `--config=${root}/deno.json`,
      "-P=fluxion",
      `${root}/cli/main.ts`,
      ...args,
    ],
    cwd: around.cwd ?? root,
    env: { NO_COLOR: "1", ...around.env },
    stdin: around.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs `fluxion ARGS` to its end. */
export async function fluxion(
  args: readonly string[],
  around: Surroundings = {},
): Promise<Outcome> {
  const process = start(args, around);
  if (around.stdin !== undefined) {
    const writer = process.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(around.stdin));
      await writer.close();
    } catch (error) {
      // A process may have seen enough before the end.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder of its own for a test; gone at its end. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fluxion-cli-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
