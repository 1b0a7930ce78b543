import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  dataOption,
  jsonOption,
  messageOptions,
  overwriteOption,
  runFolderOption,
} from "../../options/shared.ts";

/** The options of `fluxion import`. */
export const importOptions = {
  ...dataOption(
    "data set that the model was trained on, for eval and plot",
    "default moons or mnist",
  ),
  prefix: {
    value: { kind: "text", expected: "the prefix of tensors' names" },
    placeholder: "NAME",
    group: "own",
    help: "the weights whose names begin so, where the file holds several sets, such as ema",
  },
  ...runFolderOption,
  overwrite: {
    ...overwriteOption("the run of `run`, if there is one").overwrite,
    group: "run",
  },
  ...jsonOption("metrics.json instead of the run folder's path"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion import`. */
export type ImportFlags = FlagValues<typeof importOptions>;
