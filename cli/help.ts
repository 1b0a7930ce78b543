/** The long description of a command: a text, then examples that can be run as written. */
export function describe(
  text: string,
  examples: readonly (readonly [command: string, what: string])[],
): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`);
  return `${text}\n\nEXAMPLES\n${lines.join("\n")}`;
}
