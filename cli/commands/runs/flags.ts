import type { CommandOptions, FlagValues } from "../../options/option.ts";
import { jsonOption, messageOptions } from "../../options/shared.ts";

/** The options of `fluxion runs`. */
export const runsOptions = {
  ...jsonOption("one JSON array, an object per run"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion runs`. */
export type RunsFlags = FlagValues<typeof runsOptions>;
