import { commandLine } from "@fluxion/fluxion/core";
import type { PngText } from "@fluxion/fluxion/plot";

/** Metadata of every picture file: the command that created it. */
export function pictureText(): PngText {
  // Only the demo draws pictures without arguments.
  return { Command: Deno.args.length === 0 ? "deno task demo" : commandLine(Deno.args) };
}
