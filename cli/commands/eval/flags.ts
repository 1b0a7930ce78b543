import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  countOption,
  dataOption,
  deviceOptions,
  jsonOption,
  messageOptions,
  seedOption,
  weightsOption,
} from "../../options/shared.ts";
import { likelihoodOptions, solverOptions } from "../../options/solve.ts";

/** The options of `fluxion eval`. */
export const evalOptions = {
  ...dataOption("data whose test rows are used", "default the run's own"),
  ...countOption("1000", " test rows", "default all of them"),
  ...seedOption("the evaluation's own draws", "default the run's"),
  bitsPerDim: {
    value: { kind: "switch" },
    help: "images: bits/dim of the test images too, by a solve each; give `n` for fewer",
  },
  ...weightsOption,
  ...likelihoodOptions,
  ...solverOptions,
  ...deviceOptions,
  ...jsonOption("the JSON object on one line"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** What was typed for `fluxion eval`. */
export type EvalFlags = FlagValues<typeof evalOptions>;
