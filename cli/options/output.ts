import type { FlagParametersForType } from "@stricli/core";

/** How much is said, and how. */
export interface MessageOptions {
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** `--quiet`, `--debug`. */
export const messageOptions: FlagParametersForType<MessageOptions> = {
  quiet: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "no progress and no remarks on stderr",
  },
  debug: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "show where in the program an error arose",
  },
};

/** Results for scripts. */
export interface JsonOption {
  readonly json?: boolean;
}

/** `--json`, with what it prints. */
export function jsonOption(what: string): FlagParametersForType<JsonOption> {
  return {
    json: { kind: "boolean", optional: true, withNegated: false, brief: `print ${what}` },
  };
}

/** Leave to replace what is there. */
export interface OverwriteOption {
  readonly overwrite?: boolean;
}

/** `--overwrite`, with what it replaces. */
export function overwriteOption(what: string): FlagParametersForType<OverwriteOption> {
  return {
    overwrite: { kind: "boolean", optional: true, withNegated: false, brief: `replace ${what}` },
  };
}
