import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { requireSolveApplicable } from "../../options/solve.ts";
import { modelsArgument } from "../../options/shared.ts";
import { type PlotFlags, plotOptions } from "./flags.ts";

/** `fluxion plot RUN...`. */
export const plotCommand = buildCommand<PlotFlags, string[]>({
  loader: checkFirst(requireSolveApplicable, async () => (await import("./run.ts")).plot),
  parameters: {
    positional: { kind: "array", parameter: modelsArgument, minimum: 1 },
    ...parametersOf(plotOptions),
  },
  docs: {
    brief: "pictures of runs: samples, density, trajectories, curves",
    fullDescription: describe(
      "All runs: samples.png and curves.png. Points in two dimensions: snapshots.png (the cloud\n" +
        "along t) and trajectories.png; a CNF's density.png too. Images: trajectories.png is the\n" +
        "grid from noise to digit. Prints the path of each picture.",
      [
        ["fluxion plot latest", "into the run folder"],
        ["fluxion plot runs/cnf-moons-0001 --out pictures", "elsewhere"],
        ["fluxion plot runs/a runs/b --out pictures", "into pictures/a and pictures/b"],
      ],
    ),
  },
});
