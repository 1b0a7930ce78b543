import type { ValueRule } from "./value_rule.ts";

/** An option, declared once: flags, config files, their schema, help and docs are derived from it. */
export interface OptionDeclaration {
  /** What it takes. */
  readonly value: ValueRule;
  /**
   * What it means, as help and the schema of config files say it. Other options stand in it as
   * `option()` writes them.
   */
  readonly help: string;
  /** What stands for the value in usage lines; choices stand for themselves when left out. */
  readonly placeholder?: string;
  /** A value that would do, for messages. */
  readonly example?: string;
  /** The default in words, where its value does not say it. */
  readonly defaultWords?: string;
}
