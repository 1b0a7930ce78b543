/** An argument as a shell takes it: in single quotes where it would read more into it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** The command line `fluxion ARGS`, ready to be pasted into a shell. */
export function commandLine(args: readonly string[]): string {
  return ["fluxion", ...args.map(quoted)].join(" ");
}
