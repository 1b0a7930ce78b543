import { InputError } from "@fluxion/fluxion/core";
import { option } from "@fluxion/fluxion/options";
import type { CompareFlags } from "./flags.ts";

/**
 * Checks that the options go together.
 *
 * @throws {InputError} If one means nothing without another.
 */
export function checkCompare(flags: CompareFlags): void {
  if (flags.overwrite && flags.out === undefined) {
    throw new InputError("--overwrite: name the picture with --out FILE");
  }
  if (flags.eval) return;
  for (const name of ["n", "backend", "threads", "portableBits"] as const) {
    if (flags[name] !== undefined) {
      throw new InputError(`${option(name, flags[name])}: means something with --eval alone`);
    }
  }
}
