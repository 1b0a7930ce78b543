import { buildCommand, buildRouteMap } from "@stricli/core";
import type { ModelName } from "@fluxion/fluxion/options";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { checkFirst } from "../check_first.ts";
import { type SweepFlags, sweepOptionsOf } from "./flags.ts";
import { checkSweep } from "./grid.ts";

const examples = {
  cnf: [
    ["fluxion sweep train cnf --lr 1e-2,5e-3 --seed 0..4 --run-dir runs/lr", "ten runs"],
    ["fluxion sweep train cnf --hidden 16..64..16 --run-dir runs/width", "16, 32, 48, 64"],
    [
      "fluxion sweep train cnf --seed 0..99 --run-dir s --shard 0/4",
      "the first of four machines",
    ],
    ["fluxion sweep train cnf --seed 0..4 --run-dir s --dry-run | sh", "one after another"],
  ],
  fm: [
    ["fluxion sweep train fm --data moons --ema 0.99,0.999 --seed 0..2 --run-dir ema", "six runs"],
    ["fluxion sweep train fm --net unet,resnet --epochs 2 --run-dir nets", "two networks"],
  ],
} as const;

function sweepCommand(model: ModelName) {
  const parameters = parametersOf(sweepOptionsOf(model));
  return buildCommand<SweepFlags>({
    loader: checkFirst(
      (flags: SweepFlags) => checkSweep(model, flags),
      async () => {
        const { sweep } = await import("./run.ts");
        return (flags: SweepFlags) => sweep(model, flags);
      },
    ),
    // The declarations of the training options are those of `train`; their values are lists.
    parameters: parameters as unknown as { readonly flags: never },
    docs: {
      brief: `every combination of options of train ${model}`,
      fullDescription: describe(
        "Trains a run for every combination of the listed values: an option of train that has a value\n" +
          "takes several, between commas (<RATE>,...), or ranges of whole numbers with both ends\n" +
          "(<N|N..N>,...: 0..4, with a step 16..64..16). Switches and lists of columns are the same for\n" +
          "all runs. Runs that are finished are skipped and interrupted ones go on, so the same command\n" +
          "continues a sweep. Prints a table of means and standard errors over the seeds, the best first.",
        examples[model],
      ),
    },
  });
}

/** `fluxion sweep train cnf|fm`. */
export const sweepRoutes = buildRouteMap({
  routes: {
    train: buildRouteMap({
      routes: { cnf: sweepCommand("cnf"), fm: sweepCommand("fm") },
      docs: { brief: "train the runs of a sweep" },
    }),
  },
  docs: { brief: "train a run for every combination of options, and tabulate them" },
});
