import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { type DeviceOptions, deviceOptions } from "../../options/device.ts";
import {
  type JsonOption,
  jsonOption,
  type MessageOptions,
  messageOptions,
} from "../../options/output.ts";
import { text, wholeNumber } from "../../options/parsers.ts";
import { runArgument, type WeightsOption, weightsOption } from "../../options/run.ts";
import {
  accurateSolveWords,
  type ProbeCountOption,
  probeCountOption,
  type SolverOptions,
  solverOptions,
  type TraceOptions,
  traceOptions,
} from "../../options/solver.ts";

/** The options of `fluxion eval`. */
export interface EvalFlags
  extends
    SolverOptions,
    TraceOptions,
    ProbeCountOption,
    WeightsOption,
    DeviceOptions,
    JsonOption,
    MessageOptions {
  readonly data?: string;
  readonly n?: number;
  readonly seed?: number;
  readonly bitsPerDim?: boolean;
}

/** `fluxion eval RUN`. */
export const evalCommand = buildCommand<EvalFlags, [string]>({
  loader: async () => (await import("./run.ts")).evaluate,
  parameters: {
    positional: { kind: "tuple", parameters: [runArgument] },
    aliases: { n: "n" },
    flags: {
      data: {
        kind: "parsed",
        parse: text("a data set's name or a file"),
        optional: true,
        placeholder: "NAME|FILE",
        brief: "data whose test rows are used (default the run's own)",
      },
      n: {
        kind: "parsed",
        parse: wholeNumber(1, "1000"),
        optional: true,
        placeholder: "N",
        brief: "how many test rows (default all of them)",
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of the evaluation's own draws (default the run's)",
      },
      bitsPerDim: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "images: bits/dim of the test images too, by a solve each; give --n for fewer",
      },
      ...weightsOption,
      ...traceOptions("default exact, for images hutchinson"),
      ...probeCountOption,
      ...solverOptions(accurateSolveWords),
      ...deviceOptions,
      ...jsonOption("the JSON object on one line"),
      ...messageOptions,
    },
  },
  docs: {
    brief: "metrics of a run as one JSON object on stdout",
    fullDescription: describe(
      "Points: nll with its standard error (nats), nfe; where the data's density is known " +
        "nllTrue, nllGap\nand nllGapStdErr; in two dimensions mass, the integral of the density. " +
        "Rows whose solve fails are\ncounted in failedRows and left out of the means: exit 1 " +
        "then. FM: also loss with its standard error;\nwhere fresh data can be drawn wasserstein2 " +
        "of samples to it, and wasserstein2Data between two\ndraws of it. " +
        "Images with --bits-per-dim: bitsPerDim with its standard error, nfe, failedRows.",
      [
        ["fluxion eval latest", "on the run's test data"],
        ["fluxion eval latest | jq .nllGap", "one of the numbers"],
        ["fluxion eval latest --n 200", "quicker, on the first 200 rows"],
        ["fluxion eval latest --n 64 --bits-per-dim", "flow matching on images"],
      ],
    ),
  },
});
