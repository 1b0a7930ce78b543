import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { requireSolveApplicable } from "../../options/solve.ts";
import { modelsArgument } from "../../options/shared.ts";
import { type EvalFlags, evalOptions } from "./flags.ts";

/** `fluxion eval RUN...`. */
export const evalCommand = buildCommand<EvalFlags, string[]>({
  loader: checkFirst(requireSolveApplicable, async () => (await import("./run.ts")).evaluate),
  parameters: {
    positional: { kind: "array", parameter: modelsArgument, minimum: 1 },
    ...parametersOf(evalOptions),
  },
  docs: {
    brief: "metrics of runs as JSON on stdout",
    fullDescription: describe(
      "Points: nll with its standard error (nats), nfe, nllGaussian of one Gaussian fitted to the " +
        "training\nrows; where the data's density is known nllTrue, nllGap\nand nllGapStdErr; in two dimensions mass, the integral of the density. " +
        "Rows whose solve fails are\ncounted in failedRows and left out of the means: exit 1 " +
        "then. FM: also loss with its standard error;\nwhere fresh data can be drawn wasserstein2 " +
        "of samples to it (slicedWasserstein2: of\n5,000), wasserstein2Data between two draws of " +
        "it; moons: stray, the share of samples far from the\narcs. " +
        "Images with --bits-per-dim: bitsPerDim with its standard error, nfe, failedRows.\nOf several " +
        "runs: a line each, with the key run; those that fail do not end the others.",
      [
        ["fluxion eval latest", "on the run's test data"],
        ["fluxion eval latest | jq .nllGap", "one of the numbers"],
        ["fluxion eval runs/lr/* > runs.jsonl", "several runs, one JSON object a line"],
        ["fluxion eval latest --n 200", "quicker, on the first 200 rows"],
        ["fluxion eval latest --n 64 --bits-per-dim", "flow matching on images"],
      ],
    ),
  },
});
