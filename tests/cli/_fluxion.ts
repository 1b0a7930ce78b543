/** Runs the command line as users do: as a process with the permissions from `deno.json`. */
export { inFolder } from "../support/in_folder.ts";

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Result of a process. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment of a process. */
export interface Surroundings {
  /** Folder of the process; the folder where the user stands. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Starts `fluxion ARGS`. */
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

/** Runs `fluxion ARGS` to completion. */
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
      // The process may exit without reading all of its input.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The rows of a CSV text of numbers. */
export function csvRows(text: string): number[][] {
  return text.trimEnd().split("\n").map((line) => line.split(",").map(Number));
}
