import { buildCommand, buildRouteMap } from "@stricli/core";
import { describe } from "../../help.ts";
import {
  type JsonOption,
  jsonOption,
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
} from "../../options/output.ts";
import { text } from "../../options/parsers.ts";

/** The options of `fluxion import`. */
export interface ImportFlags extends OverwriteOption, JsonOption, MessageOptions {
  readonly data?: string;
  readonly run?: string;
}

function importCommand(model: "cnf" | "fm") {
  return buildCommand<ImportFlags, [string]>({
    loader: async () => {
      const { importWeights } = await import("./run.ts");
      return (flags, file) => importWeights(model, file, flags);
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{
          brief: "a PyTorch state_dict, saved as safetensors",
          placeholder: "FILE",
          parse: text("a safetensors file"),
        }],
      },
      flags: {
        data: {
          kind: "parsed",
          parse: text("a data set's name or a file"),
          optional: true,
          placeholder: "NAME|FILE",
          brief: "the data that the model learnt, for eval and plot (default moons or mnist)",
        },
        run: {
          kind: "parsed",
          parse: text("a folder"),
          optional: true,
          placeholder: "DIR",
          brief: "run folder (default the next free runs/MODEL-DATA-0001)",
        },
        ...overwriteOption("the run of --run, if there is one"),
        ...jsonOption("metrics.json instead of the run folder's path"),
        ...messageOptions,
      },
    },
    docs: {
      brief: model === "cnf" ? "weights of a CNF's ConditionalMLP" : "weights of an FM network",
      fullDescription: describe(
        "Makes a run folder from weights. Sizes are inferred from names and shapes, with or " +
          "without a\nleading model. and with or without the buffers of the time embedding. " +
          "Prints the folder's path.",
        [
          [`fluxion import ${model} weights.safetensors`, "then sample, eval, plot latest"],
          [
            `fluxion train ${model} --init weights.safetensors`,
            "to train on from weights instead",
          ],
        ],
      ),
    },
  });
}

/** `fluxion import cnf|fm FILE`. */
export const importRoutes = buildRouteMap({
  routes: { cnf: importCommand("cnf"), fm: importCommand("fm") },
  docs: { brief: "make a run folder from a PyTorch state_dict in safetensors" },
});
