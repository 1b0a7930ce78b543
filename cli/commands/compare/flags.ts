import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  countOption,
  deviceOptions,
  jsonOption,
  messageOptions,
  overwriteOption,
} from "../../options/shared.ts";

/** The options of `fluxion compare`. */
export const compareOptions = {
  out: {
    value: { kind: "file", expected: "a name ending .png", endings: [".png"] },
    example: "curves.png",
    alias: "o",
    placeholder: "FILE",
    group: "own",
    help: "picture of the curves",
    defaultWords: "default the next free comparison-0001.png, or the one that is the same picture",
  },
  eval: {
    value: { kind: "switch" },
    group: "own",
    help: "evaluate every run as eval does, and add its figures",
  },
  ...countOption("1000", "test rows for `eval`", "default all"),
  ...deviceOptions,
  ...overwriteOption("the picture of `out`, if there is one"),
  ...jsonOption("everything as one JSON object"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion compare`. */
export type CompareFlags = FlagValues<typeof compareOptions>;
