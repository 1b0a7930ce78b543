/**
 * The tables of options in docs/command-line.md, from the declarations of the options.
 *
 *   deno run --allow-read --allow-write=docs tools/option_tables.ts
 */
import { optionsOfCommand } from "../cli/commands/options.ts";
import type { CommandOption, CommandOptions } from "../cli/options/option.ts";
import { asFlag, kebabCase, respelled } from "../src/core/options/spelling.ts";

/** `<!-- options: COMMAND, ... -->`, a table, `<!-- end of options -->`. */
const TABLE = /(<!-- options: ([a-z, -]+) -->\n)[^]*?(<!-- end of options -->)/g;

/** Options of every command, which the page describes once. */
const everywhere = ["quiet", "debug"];

/** A page with its tables of options as they are declared. */
export async function withOptionTables(page: string): Promise<string> {
  const commands = [...page.matchAll(TABLE)].flatMap(([, , names]) => names!.split(", "));
  const declared = new Map<string, CommandOptions>();
  for (const name of commands) declared.set(name, await optionsOfCommand(name.split(" ")));
  return page.replace(TABLE, (_, begin: string, names: string, end: string) => {
    const columns = names.split(", ").map((name) => ({ name, options: declared.get(name)! }));
    return `${begin}\n${optionTable(columns)}\n\n${end}`;
  });
}

/** A row per option; a column of defaults per command where there are several. */
function optionTable(
  columns: readonly { readonly name: string; readonly options: CommandOptions }[],
): string {
  const [first] = columns;
  const isShared = columns.length > 1;
  const rows = Object.entries(first!.options)
    .filter(([name]) => !everywhere.includes(name))
    .map(([name, option]) => [
      spelled(name, option),
      typed(option.help),
      ...columns.map(({ options }) => defaultCell(options[name]!)),
    ]);
  const defaults = isShared ? columns.map(({ name }) => `default, ${name}`) : ["default"];
  return aligned([["option", "meaning", ...defaults], ...rows]);
}

function spelled(name: string, { value, placeholder, alias }: CommandOption): string {
  const operand = placeholder ?? (value.kind === "choice" ? value.names.join("|") : undefined);
  const forms = [
    `\`--${kebabCase(name)}${operand === undefined ? "" : ` ${operand}`}\``,
    ...(value.kind === "switch" && value.negatable ? [`\`--no-${kebabCase(name)}\``] : []),
    ...(alias === undefined || alias === name ? [] : [`\`-${alias}\``]),
  ];
  return forms.join(", ");
}

function defaultCell({ defaultWords = "", required, hidden }: CommandOption): string {
  if (hidden) return "does not apply";
  return required ? "required" : typed(defaultWords.replace(/^default:? /, ""));
}

/** Words with the options in them as code that can be typed. */
function typed(words: string): string {
  return respelled(words, (name, value) => `\`${asFlag(name, value)}\``);
}

/** Rows as a table of Markdown, its columns padded as `deno fmt` does. */
function aligned(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const [head, ...body] = cells;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head!), line(rule), ...body.map(line)].join("\n");
}

if (import.meta.main) {
  const path = new URL("../docs/command-line.md", import.meta.url);
  await Deno.writeTextFile(path, await withOptionTables(await Deno.readTextFile(path)));
}
