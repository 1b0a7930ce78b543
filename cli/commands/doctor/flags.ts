import type { CommandOptions, FlagValues } from "../../options/option.ts";
import { backendOption, jsonOption, messageOptions } from "../../options/shared.ts";

/** The options of `fluxion doctor`. */
export const doctorOptions = {
  backend: {
    ...backendOption.backend,
    help: "webgpu: take training steps on a software adapter too; cpu: take none",
    defaultWords: "auto: on a GPU if there is one",
  },
  ...jsonOption("the report as one JSON object"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion doctor`. */
export type DoctorFlags = FlagValues<typeof doctorOptions>;
