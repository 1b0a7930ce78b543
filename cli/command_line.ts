import type { PngText } from "../src/plot/encoding/png.ts";
import { commandLine } from "../src/core/command_line.ts";

/** What every picture carries inside its file: the command that made it. */
export function pictureText(): PngText {
  // No command of the program draws without arguments; the demo has none.
  return { Command: Deno.args.length === 0 ? "deno task demo" : commandLine(Deno.args) };
}
