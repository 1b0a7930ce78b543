import type { ModelName } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  jsonOption,
  messageOptions,
  overwriteOption,
  runFolderOption,
} from "../../options/shared.ts";
import { trainingOptions } from "../../options/training.ts";

/** Where a run lives, whether it is new, and what is said of it. */
const runOptions = {
  ...runFolderOption,
  config: {
    value: { kind: "text", expected: "a file" },
    placeholder: "FILE",
    help: "JSON file of these options in camelCase; options given here override it",
  },
  resume: {
    value: { kind: "switch" },
    help: "continue the run of `run` (default latest) from its checkpoint",
    libraryName: "mode: resume",
  },
  overwrite: {
    ...overwriteOption("the run of `run`, if there is one").overwrite,
    libraryName: "mode: overwrite",
  },
  ...jsonOption("metrics.json instead of the run folder's path"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** The options of `fluxion train MODEL`. */
export function trainOptionsOf(model: ModelName) {
  return { ...trainingOptions(model), ...runOptions } as const satisfies CommandOptions;
}

/** What was typed for `fluxion train`. */
export type TrainFlags = FlagValues<ReturnType<typeof trainOptionsOf>>;
