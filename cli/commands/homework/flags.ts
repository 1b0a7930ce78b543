import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  backendOption,
  jsonOption,
  messageOptions,
  outFolderOption,
  overwriteOption,
  seedOption,
} from "../../options/shared.ts";

/** The options of `fluxion homework`. */
export const homeworkOptions = {
  ...outFolderOption("default homework"),
  quick: {
    value: { kind: "switch" },
    group: "own",
    help: "small models, three minutes instead of 25",
  },
  ...seedOption("all random numbers"),
  ...backendOption,
  ...overwriteOption("the homework of `out`, if there is one"),
  ...jsonOption("results.json instead of the folder's path"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion homework`. */
export type HomeworkFlags = FlagValues<typeof homeworkOptions>;
