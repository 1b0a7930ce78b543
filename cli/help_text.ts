import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { asFlag, kebabCase } from "@fluxion/fluxion/options";
import { optionMeaning } from "./options/flags.ts";
import { optionHeadings } from "./options/groups.ts";
import { hasRanges } from "./options/list_values.ts";
import type { CommandOption, CommandOptions } from "./options/option.ts";

/** A command, or a group of subcommands. */
export type Route = Command<CommandContext> | RouteMap<CommandContext>;

/** A heading and its rows of a term and its meaning. */
interface Section {
  readonly heading: string;
  readonly rows: readonly (readonly [term: string, meaning: string])[];
}

/** Widest term beside its meaning; the meaning of a wider one starts on the next line. */
const WIDEST_TERM = 26;

const helpRow = ["-h, --help", "print this help"] as const;

/** The route that words name, and how many of them name it; null if the first names none. */
export function routeOf(
  root: Route,
  words: readonly string[],
): { readonly route: Route; readonly depth: number } | null {
  let route: Route = root;
  let depth = 0;
  for (const word of words) {
    if (!("getAllEntries" in route)) break;
    const next: Route | undefined = route.getRoutingTargetForInput(word);
    if (next === undefined) return word.startsWith("-") ? { route, depth } : null;
    route = next;
    depth++;
  }
  return { route, depth };
}

/** Help of a command: usage, description with examples, arguments, options by group. */
export function commandHelp(
  command: Command<CommandContext>,
  { name, options }: { readonly name: string; readonly options: CommandOptions },
): string {
  const shown = Object.entries(options).filter(([, option]) => option.hidden !== true);
  const required = shown.filter(([, option]) => option.required)
    .map(([name, option]) => ` ${optionTerm(name, option)}`).join("");
  const positional = positionals(command);
  const usage = `${name}${required}${shown.length === 0 ? "" : " [OPTIONS]"}` +
    positional.map(([term]) => ` ${term}`).join("");
  return page(usage, command, [
    { heading: "ARGUMENTS", rows: positional },
    ...Object.entries(optionHeadings).map(([group, heading]) => ({
      heading,
      rows: [
        ...shown.filter(([, option]) => option.group === group).map(
          ([name, option]): [string, string] => [optionTerm(name, option), optionMeaning(option)],
        ),
        ...(group === "output" ? [helpRow] : []),
      ],
    })),
  ]);
}

/** Help of a group of commands. */
export function groupHelp(
  group: RouteMap<CommandContext>,
  { name, headings }: {
    readonly name: string;
    /** Heading of each command; undefined: all under one. */
    readonly headings?: Readonly<Record<string, string>>;
  },
): string {
  const entries = group.getAllEntries().map(({ name, target }) => ({
    name: name["convert-camel-to-kebab"],
    meaning: target.brief,
  }));
  const heading = (name: string) => headings?.[name] ?? "COMMANDS";
  const sections = [...new Set(entries.map(({ name }) => heading(name)))].map((title) => ({
    heading: title,
    rows: entries.filter(({ name }) => heading(name) === title).map(
      ({ name, meaning }): [string, string] => [name, meaning],
    ),
  }));
  return page(`${name} <COMMAND> [OPTIONS]`, group, [
    ...sections,
    {
      heading: "OPTIONS",
      rows: [
        helpRow,
        ...(headings === undefined ? [] : [["-v, --version", "print the version"]] as const),
      ],
    },
  ]);
}

function page(
  usage: string,
  { brief, fullDescription }: Route,
  sections: readonly Section[],
): string {
  const filled = sections.filter(({ rows }) => rows.length > 0);
  const width = Math.max(
    ...filled.flatMap(({ rows }) => rows.map(([term]) => term.length)).filter((length) =>
      length <= WIDEST_TERM
    ),
  );
  const lines = filled.flatMap(({ heading, rows }) => [
    "",
    heading,
    ...rows.map(([term, meaning]) =>
      term.length > width
        ? `  ${term}\n${" ".repeat(width + 4)}${meaning}`
        : `  ${term.padEnd(width)}  ${meaning}`
    ),
  ]);
  const description = fullDescription ?? `${brief[0]!.toUpperCase()}${brief.slice(1)}.`;
  return ["USAGE", `  ${usage}`, "", description, ...lines].join("\n");
}

/**
 * An option as it is typed: `--steps <N>`, `--drop <COLUMN>...`, `--[no-]binarize`, where lists are
 * taken `--lr <RATE>,...` and with ranges `--seed <N|N..N>,...`.
 */
function optionTerm(name: string, option: CommandOption): string {
  const { value, placeholder, alias, offered, list } = option;
  if (value.kind === "switch") {
    return value.negatable ? `--[no-]${kebabCase(name)}` : asFlag(name);
  }
  const operand = offered?.join("|") ?? placeholder ??
    (value.kind === "choice" ? value.names.join("|") : "VALUE");
  const short = alias === undefined || alias === name ? "" : `-${alias}, `;
  const range = list && hasRanges(value) ? "|N..N" : "";
  const more = list ? ",..." : value.kind === "columns" ? "..." : "";
  return `${short}${asFlag(name)} <${operand}${range}>${more}`;
}

function positionals({ parameters }: Command<CommandContext>): (readonly [string, string])[] {
  const { positional } = parameters;
  if (positional === undefined) return [];
  if (positional.kind === "array") {
    const { placeholder = "ARG", brief } = positional.parameter;
    return [[`<${placeholder}>...`, brief]];
  }
  return positional.parameters.map(({ placeholder = "ARG", brief, optional }) => [
    optional ? `[${placeholder}]` : `<${placeholder}>`,
    brief,
  ]);
}
