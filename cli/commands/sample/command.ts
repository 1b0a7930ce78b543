import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { modelArgument } from "../../options/shared.ts";
import { checkSample } from "./check.ts";
import { type SampleFlags, sampleOptions } from "./flags.ts";

/** `fluxion sample RUN`. */
export const sampleCommand = buildCommand<SampleFlags, [string]>({
  loader: checkFirst(checkSample, async () => (await import("./run.ts")).sample),
  parameters: {
    positional: { kind: "tuple", parameters: [modelArgument] },
    ...parametersOf(sampleOptions),
  },
  docs: {
    brief: "draw samples from a run to a .png, .npy or .csv file",
    fullDescription: describe(
      "Draws samples. Memory does not grow with --n, except for pictures.\n" +
        "CSV: one row per sample. NPY: float32 (float64 where a column needs it), [n, d], images " +
        "[n, c, h, w];\nwith --log-prob [n, d + 1], the log-likelihood last. With --trajectories CSV has the rows\n" +
        "sample, t, x... and NPY the shape [n, times, d].",
      [
        ["fluxion sample latest --out samples.png", "a picture"],
        [
          "fluxion sample latest --n 1000000 --out samples.npy",
          "a million samples in little memory",
        ],
        ["fluxion sample latest --n 5 --out - --log-prob", "CSV on stdout, with log-likelihoods"],
        ["fluxion sample latest --from 1000 --n 1000 --out b.npy", "only samples 1000 to 1999"],
        ["fluxion sample latest --n 16 --trajectories 9 --out paths.npy", "[16, 9, 2]"],
      ],
    ),
  },
});
