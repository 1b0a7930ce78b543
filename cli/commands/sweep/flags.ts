import { type ModelName, type TrainOptionName, trainOptionNames } from "@fluxion/fluxion/options";
import type { ListedValue } from "../../options/list_values.ts";
import type { CommandOption, CommandOptions, FlagValues } from "../../options/option.ts";
import { jsonOption, messageOptions } from "../../options/shared.ts";
import { trainingOptions } from "../../options/training.ts";

/** Options of the sweep itself, beside those of `train`. */
export const sweepOwnOptions = {
  runDir: {
    value: { kind: "text", expected: "a folder" },
    required: true,
    placeholder: "DIR",
    group: "own",
    help: "folder of the runs, one folder each, named by their values",
  },
  config: {
    value: { kind: "text", expected: "a file" },
    placeholder: "FILE",
    group: "own",
    help: "JSON file of options in camelCase, for all runs; command-line options override it",
  },
  jobs: {
    value: { kind: "whole", least: 1, most: 256 },
    example: "4",
    placeholder: "N",
    group: "own",
    help: "runs trained at the same time, which share the threads",
    defaultWords: "default: number of cores, for images 1",
  },
  shard: {
    value: { kind: "text", expected: "I/N" },
    example: "0/4",
    placeholder: "I/N",
    group: "own",
    help: "train only part I, from 0, of N parts",
  },
  dryRun: {
    value: { kind: "switch" },
    group: "own",
    help: "train nothing; print a shell line for each run that is not finished",
  },
  writeJobs: {
    value: { kind: "switch" },
    group: "own",
    help: "train nothing; write these lines, of all runs, to jobs.sh in `runDir`",
  },
  table: {
    value: { kind: "switch" },
    group: "own",
    help: "train nothing; print the table of the runs that are finished",
  },
  ...jsonOption("the table as one JSON object"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Options of `train` whose values are not listed: switches, and columns, which are lists already. */
function isListed({ value }: CommandOption): boolean {
  return value.kind !== "switch" && value.kind !== "columns";
}

/** The options of `fluxion sweep train MODEL`. */
export function sweepOptionsOf(model: ModelName): CommandOptions & typeof sweepOwnOptions {
  const options: CommandOptions = trainingOptions(model);
  const listed = Object.entries(options).map(([name, option]) =>
    [name, isListed(option) ? { ...option, list: true } : option] as const
  );
  return { ...Object.fromEntries(listed), ...sweepOwnOptions };
}

/** Parsed options of `fluxion sweep train`. */
export type SweepFlags =
  & FlagValues<typeof sweepOwnOptions>
  & {
    readonly [Name in Exclude<TrainOptionName, "model">]?: readonly ListedValue[] | boolean;
  };

/** The options of `train` in the order of their table. */
export const sweptNames = trainOptionNames.filter((name) => name !== "model");
