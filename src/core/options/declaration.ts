import type { ValueRule } from "./value_rule.ts";

/** An option, declared once: flags, config files, their schema, help and docs are derived from it. */
export interface OptionDeclaration {
  /** The accepted values. */
  readonly value: ValueRule;
  /**
   * Description for help and the config schema. Refers to other options as `option()` writes them.
   */
  readonly help: string;
  /** Placeholder for the value in usage lines; by default, a choice lists its values. */
  readonly placeholder?: string;
  /** An example of a valid value, for messages. */
  readonly example?: string;
  /** Description of the default, if its value is not self-explanatory. */
  readonly defaultWords?: string;
}
