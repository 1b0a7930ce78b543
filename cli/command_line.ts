import { commandLine } from "@fluxion/fluxion/core";
import type { PngText } from "@fluxion/fluxion/plot";

/** What every picture carries inside its file: the command that made it. */
export function pictureText(): PngText {
  // No command of the program draws without arguments; the demo has none.
  return { Command: Deno.args.length === 0 ? "deno task demo" : commandLine(Deno.args) };
}
