import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { type VersionFlags, versionOptions } from "./flags.ts";

/** `fluxion version`. */
export const versionCommand = buildCommand<VersionFlags>({
  loader: async () => (await import("./run.ts")).printVersion,
  parameters: parametersOf(versionOptions),
  docs: {
    brief: "print the version",
    fullDescription: describe("Prints the version.", [
      ["fluxion version", ""],
      ["fluxion version --licenses | less", "the licences"],
    ]),
  },
});
