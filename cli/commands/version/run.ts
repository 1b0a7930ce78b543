import { printLine, writeResult } from "../../terminal/terminal.ts";
import { version } from "../../version.ts";
import type { VersionFlags } from "./flags.ts";

/** `fluxion version`. */
export async function printVersion({ licenses }: VersionFlags): Promise<void> {
  if (!licenses) return printLine(`fluxion ${version}`);
  const { licenseTexts } = await import("../../license_texts.ts");
  writeResult(licenseTexts);
}
