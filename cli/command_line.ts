import type { PngText } from "../src/plot/png.ts";

/** An argument as a shell takes it: in single quotes where it would read more into it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** The command line `fluxion ARGS`, ready to be pasted into a shell. */
export function commandLine(args: readonly string[]): string {
  return ["fluxion", ...args.map(quoted)].join(" ");
}

/** What every picture carries inside its file: the command that made it. */
export function pictureText(): PngText {
  // No command of the program draws without arguments; the demo has none.
  return { Command: Deno.args.length === 0 ? "deno task demo" : commandLine(Deno.args) };
}
