import type { TypedPositionalParameter } from "@stricli/core";
import { InputError } from "@fluxion/fluxion/core";
import { trainOptions } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "./option.ts";
import { nonEmpty } from "./parse_value.ts";
import { proposeModels, proposeRuns } from "./run_names.ts";

/** The positional argument RUN of commands that need a run's folder. */
const runArgument: TypedPositionalParameter<string> = {
  brief: "a run folder, or latest: the newest in runs/",
  placeholder: "RUN",
  parse: nonEmpty("a run folder"),
  proposeCompletions: proposeRuns,
};

/** The positional argument RUN of commands that need a model alone. */
export const modelArgument: TypedPositionalParameter<string> = {
  ...runArgument,
  brief: "a run folder, latest: the newest in runs/, or mnist-unet: comes with Fluxion",
  proposeCompletions: proposeModels,
};

/** The positional arguments RUN... of commands that take several runs; see `namedRuns()`. */
export const runsArgument: TypedPositionalParameter<string> = {
  ...runArgument,
  brief: "a run folder, a folder of runs: all of them, or latest: the newest in runs/",
};

/** The positional arguments RUN... of commands that take several models; see `namedRuns()`. */
export const modelsArgument: TypedPositionalParameter<string> = {
  ...modelArgument,
  brief:
    "a run folder, a folder of runs: all of them, latest: the newest in runs/, or mnist-unet: " +
    "comes with Fluxion",
};

const { seed, backend, threads, portableBits, data, header } = trainOptions;

/** `--seed`, with what is drawn from it. */
export function seedOption(of: string, defaultWords = "default 0") {
  return { seed: { ...seed, help: `seed of ${of}`, defaultWords } } as const;
}

/** `--data`, for commands that can read data other than the run's own. */
export function dataOption(help: string, defaultWords: string) {
  return { data: { ...data, help, defaultWords } } as const;
}

/** `--header` of a text file that is read. */
export function headerOption(file: string) {
  const help = `whether the first line of ${file} is the names of its columns`;
  return { header: { ...header, help } } as const;
}

/** `--n`, a number of rows or samples. */
export function countOption(example: string, what: string, defaultWords: string) {
  return {
    n: {
      value: { kind: "whole", least: 1 },
      example,
      alias: "n",
      placeholder: "N",
      group: "own",
      help: `number of ${what}`,
      defaultWords,
    },
  } as const;
}

/** `--backend`. */
export const backendOption = { backend } as const satisfies CommandOptions;

/** `--backend`, `--threads`, `--portable-bits`. */
export const deviceOptions = { backend, threads, portableBits } as const satisfies CommandOptions;

/** Values of {@link deviceOptions}. */
export type DeviceFlags = FlagValues<typeof deviceOptions>;

/** `--weights`. */
export const weightsOption = {
  weights: {
    value: { kind: "choice", names: ["best", "ema", "raw"] },
    group: "own",
    help: "best validated weights, the last ones' moving average, or the last ones themselves",
    defaultWords: "default best if rows validated, else ema if the run has one",
  },
} as const satisfies CommandOptions;

/** Values of {@link weightsOption}. */
export type WeightsFlags = FlagValues<typeof weightsOption>;

/** `--quiet`, `--debug`. */
export const messageOptions = {
  quiet: {
    value: { kind: "switch" },
    group: "output",
    help: "no progress and no remarks on stderr",
  },
  debug: { value: { kind: "switch" }, group: "output", help: "print the stack trace of an error" },
} as const satisfies CommandOptions;

/** Values of {@link messageOptions}. */
export type MessageFlags = FlagValues<typeof messageOptions>;

/** `--json`, with what it prints. */
export function jsonOption(what: string) {
  return { json: { value: { kind: "switch" }, group: "output", help: `print ${what}` } } as const;
}

/** `--out` of commands that write a folder. */
export function outFolderOption(defaultWords: string) {
  return {
    out: {
      value: { kind: "text", expected: "a folder" },
      alias: "o",
      placeholder: "DIR",
      group: "own",
      help: "output folder, created if needed",
      defaultWords,
    },
  } as const;
}

/** `--overwrite`, with what it replaces. */
export function overwriteOption(what: string) {
  return {
    overwrite: { value: { kind: "switch" }, group: "own", help: `replace ${what}` },
  } as const;
}

/** `--run`, for commands that create a run. */
export const runFolderOption = {
  run: {
    value: { kind: "text", expected: "a folder" },
    placeholder: "DIR",
    group: "run",
    completes: "runs",
    help: "run folder",
    defaultWords: "default the next free runs/MODEL-DATA-0001",
  },
} as const satisfies CommandOptions;

/**
 * Refuses `--overwrite` without `--run`.
 *
 * @throws {InputError} If no run is named.
 */
export function requireRunToOverwrite(
  { run, overwrite }: { readonly run?: string; readonly overwrite?: boolean },
): void {
  if (overwrite && run === undefined) {
    throw new InputError("--overwrite: say which run with --run DIR");
  }
}
