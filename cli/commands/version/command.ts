import { buildCommand } from "@stricli/core";
import project from "../../../deno.json" with { type: "json" };
import { describe } from "../../help.ts";
import { printLine, writeResult } from "../../terminal/terminal.ts";

/** This version of Fluxion. */
export const version = project.version;

/** `fluxion version`. */
export const versionCommand = buildCommand<{ readonly licenses?: boolean }>({
  async func({ licenses }) {
    if (!licenses) return printLine(`fluxion ${version}`);
    const { licenseTexts } = await import("../../license_texts.ts");
    writeResult(licenseTexts);
  },
  parameters: {
    flags: {
      licenses: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "print the licences of Fluxion and of what is embedded in it",
      },
    },
  },
  docs: {
    brief: "print the version",
    fullDescription: describe("Prints the version.", [
      ["fluxion version", ""],
      ["fluxion version --licenses | less", "the licences"],
    ]),
  },
});
