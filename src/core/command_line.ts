/** An argument for a POSIX shell, in single quotes if it contains special characters. */
export function shellQuoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** The command line `fluxion ARGS`, quoted so that it can be pasted into a shell. */
export function commandLine(args: readonly string[]): string {
  return ["fluxion", ...args.map(shellQuoted)].join(" ");
}
