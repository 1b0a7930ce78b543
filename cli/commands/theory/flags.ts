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
  brief: {
    value: { kind: "switch" },
    group: "own",
    help: "fifteen lines: the statement, the idea of the proof, the verdict of the check",
  },
  ...jsonOption("the check's figures as one JSON object, without the derivation"),
  out: {
    value: { kind: "text", expected: "a folder" },
    alias: "o",
    placeholder: "DIR",
    group: "own",
    help: "output folder for NAME.png and NAME.html, created if needed",
  },
  ...overwriteOption("NAME.png and NAME.html in `out`"),
  ...seedOption("the check's random numbers"),
  ...backendOption,
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion theory`. */
export type TheoryFlags = FlagValues<typeof theoryOptions>;
