import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { type DeviceOptions, deviceOptions } from "../../options/device.ts";
import {
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
} from "../../options/output.ts";
import { text, trajectoryTimes, wholeNumber } from "../../options/parsers.ts";
import { runArgument, type WeightsOption, weightsOption } from "../../options/run.ts";
import {
  accurateSolveWords,
  type SolverOptions,
  solverOptions,
  type TraceOptions,
  traceOptions,
} from "../../options/solver.ts";

/** The options of `fluxion sample`. */
export interface SampleFlags
  extends
    SolverOptions,
    TraceOptions,
    WeightsOption,
    DeviceOptions,
    OverwriteOption,
    MessageOptions {
  readonly n?: number;
  readonly out?: string;
  readonly seed?: number;
  readonly from?: number;
  readonly logProb?: boolean;
  readonly trajectories?: number;
}

/** `fluxion sample RUN`. */
export const sampleCommand = buildCommand<SampleFlags, [string]>({
  loader: async () => (await import("./run.ts")).sample,
  parameters: {
    positional: { kind: "tuple", parameters: [runArgument] },
    aliases: { n: "n", o: "out" },
    flags: {
      n: {
        kind: "parsed",
        parse: wholeNumber(1, "1000"),
        optional: true,
        placeholder: "N",
        brief: "how many samples (default 64 images, 1000 points)",
      },
      out: {
        kind: "parsed",
        parse: text("a file ending .png, .npy or .csv, or - for CSV on stdout"),
        placeholder: "FILE",
        optional: true,
        brief: "where to: .png, .npy or .csv by its name, - for CSV on stdout (needed)",
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of the prior's draws (default 0)",
      },
      from: {
        kind: "parsed",
        parse: wholeNumber(0, "1000"),
        optional: true,
        placeholder: "INDEX",
        brief:
          "index of the first sample: sample i has the same bits however it is drawn (default 0)",
      },
      logProb: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "log-likelihood of each sample in nats, from the same solve, as a last column",
      },
      trajectories: {
        kind: "parsed",
        parse: trajectoryTimes,
        optional: true,
        inferEmpty: true,
        placeholder: "TIMES",
        brief: "the way from noise to sample at so many times instead of its end (11 if no number)",
      },
      ...traceOptions("default exact; with --log-prob"),
      ...weightsOption,
      ...solverOptions(accurateSolveWords),
      ...deviceOptions,
      ...overwriteOption("the file of --out, if there is one"),
      ...messageOptions,
    },
  },
  docs: {
    brief: "draw samples of a run: .png, .npy or .csv by the name of --out",
    fullDescription: describe(
      "Draws samples. Memory does not grow with --n, except for pictures.\n" +
        "CSV: a row a sample, no header. NPY: float32, [n, d], images [n, 1, 28, 28]; with " +
        "--log-prob\n[n, d + 1], the log-likelihood last. With --trajectories CSV has the rows " +
        "sample, t, x...\nand NPY the shape [n, times, d].",
      [
        ["fluxion sample latest --out samples.png", "a picture"],
        ["fluxion sample latest --n 1000000 --out samples.npy", "a million, in little memory"],
        ["fluxion sample latest --n 5 --out - --log-prob", "CSV on stdout, with log-likelihoods"],
        ["fluxion sample latest --from 1000 --n 1000 --out b.npy", "samples 1000 to 1999 alone"],
        ["fluxion sample latest --n 16 --trajectories 9 --out ways.npy", "[16, 9, 2]"],
      ],
    ),
  },
});
