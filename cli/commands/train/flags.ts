import type { ModelName } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  jsonOption,
  messageOptions,
  overwriteOption,
  runFolderOption,
} from "../../options/shared.ts";
import { trainingOptions } from "../../options/training.ts";

/** Options of the run's folder and of the output. */
const runOptions = {
  ...runFolderOption,
  config: {
    value: { kind: "text", expected: "a file" },
    placeholder: "FILE",
    group: "run",
    help: "JSON file of options in camelCase; command-line options override it",
  },
  resume: {
    value: { kind: "switch" },
    group: "run",
    help: "continue the run of `run` (default latest) from its checkpoint",
    libraryName: "mode: resume",
  },
  dataChanged: {
    value: { kind: "switch" },
    group: "run",
    help: "with `resume`: go on even though the data are not those that the run was started with",
  },
  overwrite: {
    ...overwriteOption("the run of `run`, if there is one").overwrite,
    group: "run",
    libraryName: "mode: overwrite",
  },
  ...jsonOption("metrics.json instead of the run folder's path"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** The options of `fluxion train MODEL`. */
export function trainOptionsOf(model: ModelName) {
  return { ...trainingOptions(model), ...runOptions } as const satisfies CommandOptions;
}

/** Parsed options of `fluxion train`. */
export type TrainFlags = FlagValues<ReturnType<typeof trainOptionsOf>>;
