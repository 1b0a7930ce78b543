import { buildCommand, buildRouteMap } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { nonEmpty } from "../../options/parse_value.ts";
import { requireRunToOverwrite } from "../../options/shared.ts";
import { type ImportFlags, importOptions } from "./flags.ts";

function importCommand(model: "cnf" | "fm") {
  return buildCommand<ImportFlags, [string]>({
    loader: checkFirst(requireRunToOverwrite, async () => {
      const { importWeights } = await import("./run.ts");
      return (flags: ImportFlags, file: string) => importWeights(model, file, flags);
    }),
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{
          brief: "a PyTorch state_dict, saved as safetensors",
          placeholder: "FILE",
          parse: nonEmpty("a safetensors file"),
        }],
      },
      ...parametersOf(importOptions),
    },
    docs: {
      brief: model === "cnf" ? "weights of a CNF's ConditionalMLP" : "weights of an FM network",
      fullDescription: describe(
        "Creates a run folder from weights. Sizes are inferred from names and shapes. Names may " +
          "have any\nlead (module., _orig_mod., model.), buffers of the time embedding may be " +
          "missing.\nPrints the folder's path.",
        [
          [`fluxion import ${model} weights.safetensors`, "then sample, eval, plot latest"],
          [
            `fluxion train ${model} --init weights.safetensors`,
            "to start training from weights instead",
          ],
        ],
      ),
    },
  });
}

/** `fluxion import cnf|fm FILE`. */
export const importRoutes = buildRouteMap({
  routes: { cnf: importCommand("cnf"), fm: importCommand("fm") },
  docs: { brief: "create a run folder from a PyTorch state_dict in safetensors" },
});
