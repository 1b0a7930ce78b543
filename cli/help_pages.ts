import { buildFluxion } from "./application.ts";
import { commandHeadings } from "./commands/commands.ts";
import { optionsOfCommand } from "./commands/options.ts";
import { commandHelp, groupHelp, routeOf } from "./help_text.ts";

/** The help of the command or the group that words begin with; null if they name none. */
export async function helpOf(
  words: readonly string[],
): Promise<
  { readonly page: string; /** How many words name it. */ readonly depth: number } | null
> {
  const found = routeOf((await buildFluxion(words, () => {})).root, words);
  if (found === null) return null;
  const { route, depth } = found;
  const path = words.slice(0, depth);
  const name = ["fluxion", ...path].join(" ");
  if ("getAllEntries" in route) {
    const headings = depth === 0 ? { headings: commandHeadings } : {};
    return { page: groupHelp(route, { name, ...headings }), depth };
  }
  return { page: commandHelp(route, { name, options: await optionsOfCommand(path) }), depth };
}
