import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** The file that `deno task compile` makes. */
export const program = `${root}/dist/fluxion`;

/** Builds the self-extracting file. */
export async function buildProgram(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "compile", "--self-extracting"],
    cwd: root,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** How a run of the program ended. */
export interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with nothing on it: an empty home, an empty folder to stand in. */
export interface BareMachine {
  readonly home: string;
  readonly temporary: string;
  readonly folder: string;
  /** The environment's variables, no others are set. `PATH` holds neither Deno nor Node. */
  readonly env: Readonly<Record<string, string>>;
}

/** Gives a test a bare machine, and removes it. */
export async function onBareMachine(test: (machine: BareMachine) => Promise<void>): Promise<void> {
  const base = await Deno.realPath(await Deno.makeTempDir());
  const [home, temporary, folder] = ["home", "tmp", "folder"].map((name) => `${base}/${name}`);
  for (const path of [home!, temporary!, folder!]) await Deno.mkdir(path);
  try {
    await test({
      home: home!,
      temporary: temporary!,
      folder: folder!,
      env: { HOME: home!, TMPDIR: temporary!, PATH: "/nowhere" },
    });
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

/** Starts the program. */
export function start(
  machine: BareMachine,
  args: readonly string[],
  env: Readonly<Record<string, string>> = machine.env,
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    cwd: machine.folder,
    clearEnv: true,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs the program to its end. */
export async function run(
  machine: BareMachine,
  args: readonly string[],
  env: Readonly<Record<string, string>> = machine.env,
): Promise<Ending> {
  const { code, stdout, stderr } = await start(machine, args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The names in a folder, sorted; none if there is no folder. */
export function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
