import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { type HomeworkFlags, homeworkOptions } from "./flags.ts";

/** `fluxion homework`. */
export const homeworkCommand = buildCommand<HomeworkFlags>({
  loader: async () => (await import("./run.ts")).homework,
  parameters: parametersOf(homeworkOptions),
  docs: {
    brief: "solve the homework and write its report",
    fullDescription: describe(
      "Task 1: three theorems, proved and checked. Task 2: a continuous normalizing flow on two " +
        "moons,\nand the ways to compute its gradient compared. Task 3: flow matching on MNIST, with the " +
        "homework's\nResNet and with a U-Net. DIR/report.html is the report, with two self-tests; theory/ and " +
        "runs/ hold\nits parts. After an interruption the same command continues. Prints DIR.",
      [
        ["fluxion homework --out homework", "about 25 minutes on 2 cores"],
        ["fluxion homework --out quick --quick", "a small one, in three minutes"],
        ["fluxion homework --out homework --json | jq .fmUnet", "the results of one part"],
      ],
    ),
  },
});
