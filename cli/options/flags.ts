import type { FlagParametersForType } from "@stricli/core";
import { proposeDatasets } from "./dataset_names.ts";
import { proposeModels, proposeRuns } from "./run_names.ts";
import type { CommandOption, CommandOptions, FlagValues } from "./option.ts";
import { userPath } from "../paths.ts";
import { listParserOf } from "./list_values.ts";
import { parserOf } from "./parse_value.ts";
import { asFlag, respelled } from "@fluxion/fluxion/options";

/** Converts the option declarations of a command to the parser's flags and aliases. */
export function parametersOf<const Options extends CommandOptions>(options: Options): {
  readonly flags: FlagParametersForType<FlagValues<Options>>;
  readonly aliases: Readonly<Record<string, keyof Options & string>>;
} {
  const entries = Object.entries(options);
  return {
    flags: Object.fromEntries(
      entries.map(([name, option]) => [name, flagOf(option)]),
    ) as FlagParametersForType<FlagValues<Options>>,
    aliases: Object.fromEntries(
      entries.flatMap(([name, { alias }]) => alias === undefined ? [] : [[alias, name]]),
    ),
  };
}

/** Converts an option declaration to a flag of the command-line parser. */
function flagOf(option: CommandOption) {
  const { value, placeholder, example, withoutValue } = option;
  const common = {
    brief: optionMeaning(option),
    ...(option.required ? {} : { optional: true }),
  };
  if (value.kind === "switch") {
    return { kind: "boolean", ...common, ...(value.negatable ? {} : { withNegated: false }) };
  }
  if (option.list) {
    return {
      kind: "parsed",
      ...common,
      parse: listParserOf(value, { example, isOne: isFileNow }),
      ...proposals(option),
    };
  }
  if (value.kind === "choice" && placeholder === undefined) {
    return { kind: "enum", values: value.names, ...common };
  }
  const parse = parserOf(value, example);
  return {
    kind: "parsed",
    ...common,
    parse: withoutValue === undefined
      ? parse
      : (text: string) => text === "" ? withoutValue : parse(text),
    ...(withoutValue === undefined ? {} : { inferEmpty: true }),
    ...(value.kind === "columns" ? { variadic: true } : {}),
    ...proposals(option),
  };
}

/** The help of an option with its default, as both the help and completions show it. */
export function optionMeaning({ help, defaultWords }: CommandOption): string {
  return respelled(defaultWords === undefined ? help : `${help} (${defaultWords})`, asFlag);
}

/** Whether a text is the path of a file as it stands, commas and all. */
function isFileNow(text: string): boolean {
  try {
    return Deno.statSync(userPath(text)).isFile;
  } catch {
    return false;
  }
}

/** Names that start with a prefix. */
type Propose = (typed: string) => readonly string[] | Promise<readonly string[]>;

function proposals(option: CommandOption) {
  const propose = proposalsOf(option);
  if (propose === null) return {};
  if (!option.list) return { proposeCompletions: propose };
  // Of a list the value after its last comma.
  return {
    proposeCompletions: async (typed: string) => {
      const before = typed.slice(0, typed.lastIndexOf(",") + 1);
      return (await propose(typed.slice(before.length))).map((name) => `${before}${name}`);
    },
  };
}

function proposalsOf({ value, offered, completes }: CommandOption): Propose | null {
  if (completes === "datasets") return proposeDatasets;
  if (completes === "runs") return proposeRuns;
  if (completes === "models") return proposeModels;
  if (value.kind !== "choice") return null;
  const names = offered ?? value.names;
  return (typed) => names.filter((name) => name.startsWith(typed));
}
