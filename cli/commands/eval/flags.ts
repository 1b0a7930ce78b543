import { trainOptions } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  countOption,
  dataOption,
  deviceOptions,
  headerOption,
  jsonOption,
  messageOptions,
  seedOption,
  weightsOption,
} from "../../options/shared.ts";
import { likelihoodOptions, solverOptions } from "../../options/solve.ts";

/** The options of `fluxion eval`. */
export const evalOptions = {
  ...dataOption("data set for the test rows", "default the run's own"),
  ...headerOption("the file of `data`"),
  dropMissing: {
    ...trainOptions.dropMissing,
    help: "points of the file of `data`: leave out rows with a missing value",
    defaultWords: "default the run's",
  },
  ...countOption("1000", "test rows", "default all"),
  ...seedOption("the evaluation's random numbers", "default the run's"),
  bitsPerDim: {
    value: { kind: "switch" },
    group: "own",
    help: "images: also bits/dim of the test images, one solve per image; limit them with `n`",
  },
  ...weightsOption,
  ...likelihoodOptions,
  ...solverOptions,
  ...deviceOptions,
  ...jsonOption("the JSON object on one line"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion eval`. */
export type EvalFlags = FlagValues<typeof evalOptions>;
