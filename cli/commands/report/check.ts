import { InputError } from "@fluxion/fluxion/core";
import type { ReportFlags } from "./flags.ts";

/**
 * Checks that RUN or --theory, and --out, are given.
 *
 * @throws {InputError} If one is missing.
 */
export function checkReport({ out, theory }: ReportFlags, runs: readonly string[]): void {
  if (out === undefined) {
    throw new InputError("--out is missing: give a file ending .html or .md");
  }
  if (runs.length === 0 && !theory) {
    throw new InputError("RUN is missing: name a run's folder, or latest; or give --theory");
  }
}
