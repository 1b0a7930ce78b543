import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { type DeviceOptions, deviceOptions } from "../../options/device.ts";
import { type FailureOption, failureOption } from "../../options/failure.ts";
import {
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
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

/** The options of `fluxion log-prob`. */
export interface LogProbFlags
  extends
    SolverOptions,
    TraceOptions,
    ProbeCountOption,
    WeightsOption,
    DeviceOptions,
    FailureOption,
    OverwriteOption,
    MessageOptions {
  readonly points: string;
  readonly out?: string;
  readonly seed?: number;
  readonly bitsPerDim?: boolean;
  readonly explain?: boolean;
}

/** `fluxion log-prob RUN`. */
export const logProbCommand = buildCommand<LogProbFlags, [string]>({
  loader: async () => (await import("./run.ts")).logProb,
  parameters: {
    positional: { kind: "tuple", parameters: [runArgument] },
    aliases: { o: "out" },
    flags: {
      points: {
        kind: "parsed",
        parse: text("a CSV, NPY or IDX file, or - for CSV on stdin"),
        placeholder: "FILE",
        brief: "CSV or NPY file with a point per row, - for CSV on stdin; images: IDX too",
      },
      out: {
        kind: "parsed",
        parse: text("a file ending .csv or .npy, or - for CSV on stdout"),
        optional: true,
        placeholder: "FILE",
        brief: ".csv or .npy file, - for CSV on stdout (default -)",
      },
      bitsPerDim: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief:
          "images: bits/dim of the discrete pixels, by uniform dequantisation, instead of nats",
      },
      explain: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "a table of the terms of each row instead of one number; their meaning on stderr",
      },
      ...traceOptions("default exact, for images hutchinson"),
      ...probeCountOption,
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of hutchinson's probes and of the dequantisation (default 0)",
      },
      ...weightsOption,
      ...solverOptions(accurateSolveWords),
      ...failureOption,
      ...deviceOptions,
      ...overwriteOption("the file of --out, if there is one"),
      ...messageOptions,
    },
  },
  docs: {
    brief: "log-likelihood (nats) of the rows of --points FILE",
    fullDescription: describe(
      "Prints the log-likelihood of each point or image in nats, one number per row. A row " +
        "depends, within\nthe tolerance, on the rows of its control group; --control-group 1 " +
        "makes each stand alone.\nThe rows of a group whose solve fails are solved again, each " +
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
