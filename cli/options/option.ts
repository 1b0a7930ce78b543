import type { OptionDeclaration, ValueOf } from "@fluxion/fluxion/options";

/** An option of a command: what training and config files know of it, and what the command adds. */
export interface CommandOption extends OptionDeclaration {
  /** One letter that stands for it. */
  readonly alias?: string;
  /** Set where the command cannot do without it. */
  readonly required?: true;
  /** Set where it is understood, so that a refusal can say why, and left out of the help. */
  readonly hidden?: true;
  /** The value where the option is given without one. */
  readonly withoutValue?: number;
  /** What the Tab key completes; choices complete to themselves. */
  readonly completes?: "datasets";
  /** What the library calls it, where that is another option and its value. */
  readonly libraryName?: string;
}

/** The options of a command, by their names in code. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** What was typed: a value for each option that was given. */
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
