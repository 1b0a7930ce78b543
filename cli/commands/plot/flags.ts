import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  deviceOptions,
  messageOptions,
  outFolderOption,
  overwriteOption,
  seedOption,
  weightsOption,
} from "../../options/shared.ts";
import { solverOptions } from "../../options/solve.ts";

/** The options of `fluxion plot`. */
export const plotOptions = {
  ...outFolderOption("default the run folder"),
  ...seedOption("the samples"),
  ...weightsOption,
  ...solverOptions,
  ...deviceOptions,
  ...overwriteOption("pictures in `out`; those in the run folder are always replaced"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion plot`. */
export type PlotFlags = FlagValues<typeof plotOptions>;
