import { commandLine } from "@fluxion/fluxion/core";
import type { PngText } from "@fluxion/fluxion/plot";

/** Options that choose what a command prints. */
const printing: readonly string[] = ["--json", "--quiet", "--debug"];

/**
 * Metadata of every picture file: the command that created it, without what it printed, so that the
 * same picture is the same file.
 */
export function pictureText(args: readonly string[] = Deno.args): PngText {
  const drawing = args.filter((arg) => !printing.includes(arg));
  // Only the demo draws pictures without arguments.
  return { Command: args.length === 0 ? "deno task demo" : commandLine(drawing) };
}
