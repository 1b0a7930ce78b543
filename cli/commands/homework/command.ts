import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { type HomeworkFlags, homeworkOptions } from "./flags.ts";

/** `fluxion homework`. */
export const homeworkCommand = buildCommand<HomeworkFlags>({
  loader: async () => (await import("./run.ts")).homework,
  parameters: parametersOf(homeworkOptions),
  docs: {
    brief: "everything that the homework asks for, with its report",
    fullDescription: describe(
      "Task 1: three theorems, proved and checked. Task 2: a continuous normalizing flow on two " +
        "moons.\nTask 3: flow matching on MNIST, with the homework's ResNet and with a U-Net. " +
        "DIR/report.html shows all\nof it; theory/ and runs/ hold what it is made of. Stopped, " +
        "the same command goes on where it was.\nPrints DIR.",
      [
        ["fluxion homework --out homework", "24 minutes on 2 cores"],
        ["fluxion homework --out quick --quick", "a small one, in three minutes"],
        ["fluxion homework --out homework --json | jq .fmUnet", "the results of one part"],
      ],
    ),
  },
});
