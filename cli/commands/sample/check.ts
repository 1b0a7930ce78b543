import { InputError } from "@fluxion/fluxion/core";
import { requireSolveApplicable } from "../../options/solve.ts";
import { formatOf, type SampleFlags } from "./flags.ts";

/**
 * Checks that the options go together.
 *
 * @throws {InputError} If they do not.
 */
export function checkSample(flags: SampleFlags): void {
  const { out, header, logProb, trace, trajectories } = flags;
  if (out === undefined) {
    throw new InputError(
      "--out is missing: give a file ending .png, .npy or .csv, or - for CSV on stdout",
    );
  }
  if (!logProb && trace !== undefined) {
    throw new InputError(`--trace ${trace}: does not apply without --log-prob`);
  }
  if (logProb && trajectories !== undefined) {
    throw new InputError("--log-prob and --trajectories: give one of them");
  }
  if (logProb && formatOf(out) === "png") {
    throw new InputError("--log-prob: a picture cannot show it; give --out a .npy or .csv name");
  }
  if (header && formatOf(out) !== "csv") {
    throw new InputError("--header: only CSV has a line of names; give --out a .csv name or -");
  }
  requireSolveApplicable({ trace: "exact", ...flags });
}
