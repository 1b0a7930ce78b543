import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  deviceOptions,
  headerOption,
  messageOptions,
  overwriteOption,
  seedOption,
  weightsOption,
} from "../../options/shared.ts";
import { likelihoodOptions, solverOptions } from "../../options/solve.ts";

/** The options of `fluxion log-prob`. */
export const logProbOptions = {
  points: {
    value: {
      kind: "text",
      expected: "a CSV, NPY, Parquet or IDX file, a folder of PNG files, or - for CSV on stdin",
    },
    required: true,
    placeholder: "FILE",
    group: "own",
    help:
      "CSV, NPY or Parquet file, one point per row, - for CSV on stdin; images: also IDX, or a " +
      "folder of PNG files",
  },
  ...headerOption("the file of `points`"),
  out: {
    value: {
      kind: "file",
      expected: "a name ending .csv or .npy, or - for stdout",
      endings: [".csv", ".npy"],
      orDash: true,
    },
    alias: "o",
    placeholder: "FILE",
    group: "own",
    help: ".csv or .npy file, - for CSV on stdout",
    defaultWords: "default -",
  },
  bitsPerDim: {
    value: { kind: "switch" },
    group: "own",
    help: "images: bits/dim of the discrete pixels by uniform dequantisation, instead of nats",
  },
  explain: {
    value: { kind: "switch" },
    group: "own",
    help: "print a table of the terms of each log-likelihood, and their meaning on stderr",
  },
  ...likelihoodOptions,
  ...seedOption("hutchinson's probes and of the dequantisation"),
  ...weightsOption,
  ...solverOptions,
  onFailure: {
    value: { kind: "choice", names: ["continue", "stop"] },
    group: "own",
    help: "if the solve of a row fails: continue with NaN for that row, or stop",
    defaultWords: "default continue",
  },
  ...deviceOptions,
  ...overwriteOption("the file of `out`, if there is one"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion log-prob`. */
export type LogProbFlags = FlagValues<typeof logProbOptions>;
