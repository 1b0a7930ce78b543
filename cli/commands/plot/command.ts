import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { type DeviceOptions, deviceOptions } from "../../options/device.ts";
import {
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
} from "../../options/output.ts";
import { text, wholeNumber } from "../../options/parsers.ts";
import { runArgument, type WeightsOption, weightsOption } from "../../options/run.ts";
import { accurateSolveWords, type SolverOptions, solverOptions } from "../../options/solver.ts";

/** The options of `fluxion plot`. */
export interface PlotFlags
  extends SolverOptions, WeightsOption, DeviceOptions, OverwriteOption, MessageOptions {
  readonly out?: string;
  readonly seed?: number;
}

/** `fluxion plot RUN`. */
export const plotCommand = buildCommand<PlotFlags, [string]>({
  loader: async () => (await import("./run.ts")).plot,
  parameters: {
    positional: { kind: "tuple", parameters: [runArgument] },
    aliases: { o: "out" },
    flags: {
      out: {
        kind: "parsed",
        parse: text("a folder"),
        optional: true,
        placeholder: "DIR",
        brief: "folder for the pictures, made if needed (default the run folder)",
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of the samples (default 0)",
      },
      ...weightsOption,
      ...solverOptions(accurateSolveWords),
      ...deviceOptions,
      ...overwriteOption("pictures in --out; those in the run folder always are"),
      ...messageOptions,
    },
  },
  docs: {
    brief: "pictures of a run: samples, density, trajectories, curves",
    fullDescription: describe(
      "All runs: samples.png and curves.png. Points in two dimensions: snapshots.png (the cloud\n" +
        "along t) and trajectories.png; a CNF's density.png too. Images: trajectories.png is the\n" +
        "grid from noise to digit. Prints the path of each picture.",
      [
        ["fluxion plot latest", "into the run folder"],
        ["fluxion plot runs/cnf-moons-0001 --out pictures", "elsewhere"],
      ],
    ),
  },
});
