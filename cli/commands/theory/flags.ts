import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  backendOption,
  jsonOption,
  messageOptions,
  overwriteOption,
  seedOption,
} from "../../options/shared.ts";

/** The options of `fluxion theory`. */
export const theoryOptions = {
  ...jsonOption("the check's figures as one JSON object, and no derivation"),
  out: {
    value: { kind: "text", expected: "a folder" },
    alias: "o",
    placeholder: "DIR",
    help: "folder for NAME.png and NAME.html, made if needed",
  },
  ...overwriteOption("NAME.png and NAME.html in `out`"),
  ...seedOption("what is random in the check"),
  ...backendOption,
  ...messageOptions,
} as const satisfies CommandOptions;

/** What was typed for `fluxion theory`. */
export type TheoryFlags = FlagValues<typeof theoryOptions>;
