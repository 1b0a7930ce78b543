import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  countOption,
  deviceOptions,
  messageOptions,
  overwriteOption,
  seedOption,
  weightsOption,
} from "../../options/shared.ts";
import { solverOptions, traceOptions } from "../../options/solve.ts";

/** Limited because all states of a trajectory are in memory at once. */
const MOST_TIMES = 65_536;

/** The options of `fluxion sample`. */
export const sampleOptions = {
  ...countOption("1000", "samples", "default 64 images, 1000 points"),
  out: {
    value: {
      kind: "file",
      expected: "a name ending .png, .npy or .csv, or - for CSV on stdout",
      endings: [".png", ".npy", ".csv"],
      orDash: true,
    },
    alias: "o",
    placeholder: "FILE",
    group: "own",
    help: "output: a .png, .npy or .csv file, - for CSV on stdout",
    defaultWords: "required",
  },
  ...seedOption("the prior's samples"),
  from: {
    value: { kind: "whole", least: 0 },
    example: "1000",
    placeholder: "INDEX",
    group: "own",
    help: "index of the first sample; sample i depends on the seed and i only",
    defaultWords: "default 0",
  },
  logProb: {
    value: { kind: "switch" },
    group: "own",
    help: "log-likelihood of each sample in nats, from the same solve, as a last column",
  },
  header: {
    value: { kind: "switch" },
    group: "own",
    help: "CSV: begin with a line of the columns' names",
  },
  trajectories: {
    value: { kind: "whole", least: 2, most: MOST_TIMES },
    example: "11",
    withoutValue: 11,
    placeholder: "TIMES",
    group: "own",
    help: "save trajectories from noise to sample at this many times",
    defaultWords: "11 if no number",
  },
  trace: { ...traceOptions.trace, defaultWords: "default exact; with `logProb`" },
  probes: traceOptions.probes,
  ...weightsOption,
  ...solverOptions,
  ...deviceOptions,
  ...overwriteOption("the file of `out`, if there is one"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion sample`. */
export type SampleFlags = FlagValues<typeof sampleOptions>;

/** The format of a file, by its ending. */
export function formatOf(out: string): "png" | "npy" | "csv" {
  if (/\.png$/i.test(out)) return "png";
  return /\.npy$/i.test(out) ? "npy" : "csv";
}
