import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { nonEmpty } from "../../options/parse_value.ts";
import { type RunsFlags, runsOptions } from "./flags.ts";

/** `fluxion runs [FOLDER...]`. */
export const runsCommand = buildCommand<RunsFlags, string[]>({
  loader: async () => (await import("./run.ts")).runs,
  parameters: {
    positional: {
      kind: "array",
      parameter: {
        brief: "a folder of runs, or a run; default runs/",
        placeholder: "FOLDER",
        parse: nonEmpty("a folder"),
      },
    },
    ...parametersOf(runsOptions),
  },
  docs: {
    brief: "list runs: model, data, losses, time, size, state",
    fullDescription: describe(
      "Lists the runs in a folder, the newest first: the first one in runs/ is latest. The state " +
        "is\nfinished, interrupted at a step, running (another process trains it), or broken with " +
        "the reason.",
      [
        ["fluxion runs", "the runs in runs/"],
        ["fluxion runs runs/sweep", "those in another folder"],
        ["fluxion runs --json | jq -r '.[].run'", "their folders"],
      ],
    ),
  },
});
