import { InputError } from "@fluxion/fluxion/core";
import type { TheoryFlags } from "./flags.ts";

/**
 * Refuses `--brief` with an output that has no proof to shorten, or always the whole one.
 *
 * @throws {InputError} If `--brief` is combined with `--json` or `--out`.
 */
export function checkTheory({ brief, json, out }: TheoryFlags): void {
  if (!brief) return;
  if (json) throw new InputError("--brief: does not apply: --json prints figures only");
  if (out !== undefined) {
    throw new InputError("--brief: does not apply: the page of --out has the whole proof");
  }
}
