import type { CommandOptions, FlagValues } from "../../options/option.ts";
import { jsonOption, messageOptions } from "../../options/shared.ts";

/** The options of `fluxion doctor`. */
export const doctorOptions = {
  ...jsonOption("the report as one JSON object"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion doctor`. */
export type DoctorFlags = FlagValues<typeof doctorOptions>;
