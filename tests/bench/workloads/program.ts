import { v8Flags } from "../../../tools/v8_flags.ts";

const root = new URL("../../../", import.meta.url).pathname;

/**
 * Runs the program as `deno task fluxion` starts it, from a shell: the peak memory that a process
 * reports is at least that of the one that started it.
 *
 * @throws {Error} If it fails, with what it said.
 */
export async function runProgram(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: [
      // Not the last command, which the shell would become.
      ...["-c", '"$@"; exit $?', "sh", Deno.execPath(), "run", "-q", "--no-prompt"],
      ...[...v8Flags(Deno.build.arch), "-P=fluxion", "cli/main.ts", ...args],
    ],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`fluxion ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
