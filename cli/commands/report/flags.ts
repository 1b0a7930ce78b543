import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  deviceOptions,
  jsonOption,
  messageOptions,
  overwriteOption,
  seedOption,
  weightsOption,
} from "../../options/shared.ts";

/** The options of `fluxion report`. */
export const reportOptions = {
  out: {
    value: { kind: "file", expected: "a name ending .html or .md", endings: [".html", ".md"] },
    example: "report.html",
    alias: "o",
    placeholder: "FILE",
    group: "own",
    help: "output: one .html file, or a .md file with a folder of pictures beside it",
    defaultWords: "required",
  },
  theory: {
    value: { kind: "switch" },
    group: "own",
    help: "add the theorems: proofs, checks, pictures",
  },
  ...seedOption("the samples and of the theorems' checks"),
  ...weightsOption,
  ...deviceOptions,
  ...overwriteOption("the file of `out`, if there is one"),
  ...jsonOption("the path and the outcomes as one JSON object"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion report`. */
export type ReportFlags = FlagValues<typeof reportOptions>;
