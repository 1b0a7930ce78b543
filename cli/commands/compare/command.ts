import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { modelsArgument } from "../../options/shared.ts";
import { checkFirst } from "../check_first.ts";
import { checkCompare } from "./check.ts";
import { type CompareFlags, compareOptions } from "./flags.ts";

/** `fluxion compare RUN...`. */
export const compareCommand = buildCommand<CompareFlags, string[]>({
  loader: checkFirst(checkCompare, async () => (await import("./run.ts")).compare),
  parameters: {
    positional: { kind: "array", parameter: modelsArgument, minimum: 1 },
    ...parametersOf(compareOptions),
  },
  docs: {
    brief: "what differs between runs: options, figures, curves",
    fullDescription: describe(
      "Prints the options in which the runs differ and their figures, and draws their losses over " +
        "each\nother; the picture's path is the last line.",
      [
        ["fluxion compare runs/cnf-moons-0001 runs/cnf-moons-0002", "two runs"],
        ["fluxion compare runs/lr --out lr.png", "all runs in a folder"],
        ["fluxion compare runs/a runs/b --eval", "with the figures of eval"],
        ["fluxion compare runs/a runs/b --json | jq .differences", "for scripts"],
      ],
    ),
  },
});
