import type { OptionDeclaration, ValueOf } from "@fluxion/fluxion/options";
import type { OptionGroup } from "./groups.ts";

/** An option of a command: the declaration shared with config files, and what the command line adds. */
export interface CommandOption extends OptionDeclaration {
  /** The heading in the help under which it is listed. */
  readonly group: OptionGroup;
  /** One-letter alias. */
  readonly alias?: string;
  /** Whether the command requires it. */
  readonly required?: true;
  /** Whether it is omitted from help; it is still parsed, to explain why it is refused. */
  readonly hidden?: true;
  /** The value if the option is given without one. */
  readonly withoutValue?: number;
  /** The source of Tab completions; choices complete to their names. */
  readonly completes?: "datasets" | "runs" | "models";
  /** The names of a choice that help and completions offer; default all. */
  readonly offered?: readonly string[];
  /** Whether it takes a list of such values, between commas or as ranges. */
  readonly list?: true;
  /** The library's spelling, if that is a different option with a value. */
  readonly libraryName?: string;
}

/** The options of a command, by camelCase name. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** Parsed values of the given options. */
export type FlagValues<Options extends CommandOptions> =
  & {
    readonly [
      Name in keyof Options as Options[Name] extends { readonly required: true } ? Name : never
    ]: ValueOf<Options[Name]["value"]>;
  }
  & {
    readonly [
      Name in keyof Options as Options[Name] extends { readonly required: true } ? never : Name
    ]?: ValueOf<Options[Name]["value"]>;
  };
