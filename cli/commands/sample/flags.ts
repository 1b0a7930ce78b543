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

/** All of a trajectory's states are in memory at once. */
const MOST_TIMES = 65_536;

/** The options of `fluxion sample`. */
export const sampleOptions = {
  ...countOption("1000", " samples", "default 64 images, 1000 points"),
  out: {
    value: {
      kind: "file",
      expected: "a name ending .png, .npy or .csv, or - for CSV on stdout",
      endings: [".png", ".npy", ".csv"],
      orDash: true,
    },
    alias: "o",
    placeholder: "FILE",
    help: "where to: .png, .npy or .csv by its name, - for CSV on stdout",
    defaultWords: "needed",
  },
  ...seedOption("the prior's draws"),
  from: {
    value: { kind: "whole", least: 0 },
    example: "1000",
    placeholder: "INDEX",
    help: "index of the first sample: sample i has the same bits however it is drawn",
    defaultWords: "default 0",
  },
  logProb: {
    value: { kind: "switch" },
    help: "log-likelihood of each sample in nats, from the same solve, as a last column",
  },
  trajectories: {
    value: { kind: "whole", least: 2, most: MOST_TIMES },
    example: "11",
    withoutValue: 11,
    placeholder: "TIMES",
    help: "the trajectory from noise to sample at this many times instead of its end",
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

/** What was typed for `fluxion sample`. */
export type SampleFlags = FlagValues<typeof sampleOptions>;

/** The format that a file's name asks for. */
export function formatOf(out: string): "png" | "npy" | "csv" {
  if (/\.png$/i.test(out)) return "png";
  return /\.npy$/i.test(out) ? "npy" : "csv";
}
