import type { CommandOptions, FlagValues } from "../../options/option.ts";

/** The options of `fluxion version`. */
export const versionOptions = {
  licenses: {
    value: { kind: "switch" },
    help: "print the licences of Fluxion and of what is embedded in it",
  },
} as const satisfies CommandOptions;

/** What was typed for `fluxion version`. */
export type VersionFlags = FlagValues<typeof versionOptions>;
