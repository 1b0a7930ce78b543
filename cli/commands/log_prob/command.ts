import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { requireSolveApplicable } from "../../options/solve.ts";
import { modelArgument } from "../../options/shared.ts";
import { type LogProbFlags, logProbOptions } from "./flags.ts";

/** `fluxion log-prob RUN`. */
export const logProbCommand = buildCommand<LogProbFlags, [string]>({
  loader: checkFirst(requireSolveApplicable, async () => (await import("./run.ts")).logProb),
  parameters: {
    positional: { kind: "tuple", parameters: [modelArgument] },
    ...parametersOf(logProbOptions),
  },
  docs: {
    brief: "log-likelihood (nats) of the rows of --points FILE",
    fullDescription: describe(
      "Prints the log-likelihood of each point or image in nats, one number per row. A row " +
        "depends, within\nthe tolerance, on the rows of its control group; --control-group 1 " +
        "makes rows independent.\nThe rows of a group whose solve fails are solved again, each " +
        "alone. A row that fails alone\ntoo is NaN, its number and the reason are on stderr, and " +
        "the exit code is 1.",
      [
        ["fluxion log-prob latest --points points.csv", "numbers on stdout"],
        ["fluxion sample latest --out - | fluxion log-prob latest --points -", "a pipe"],
        ["fluxion log-prob latest --points p.npy --out logp.npy", "NPY to NPY"],
        ["fluxion log-prob fm --points t10k-images-idx3-ubyte --bits-per-dim", "images"],
      ],
    ),
  },
});
