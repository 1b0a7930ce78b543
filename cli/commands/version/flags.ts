import type { CommandOptions, FlagValues } from "../../options/option.ts";

/** The options of `fluxion version`. */
export const versionOptions = {
  licenses: {
    value: { kind: "switch" },
    group: "own",
    help: "print the licences of Fluxion and of embedded software",
  },
} as const satisfies CommandOptions;

/** Parsed options of `fluxion version`. */
export type VersionFlags = FlagValues<typeof versionOptions>;
