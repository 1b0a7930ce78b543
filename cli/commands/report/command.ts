import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { runsArgument } from "../../options/shared.ts";
import { checkReport } from "./check.ts";
import { type ReportFlags, reportOptions } from "./flags.ts";

/** `fluxion report RUN...`. */
export const reportCommand = buildCommand<ReportFlags, string[]>({
  loader: checkFirst(checkReport, async () => (await import("./run.ts")).report),
  parameters: {
    positional: { kind: "array", parameter: runsArgument },
    ...parametersOf(reportOptions),
  },
  docs: {
    brief: "write a self-contained page about runs, with pictures",
    fullDescription: describe(
      "Shows each run's data, configuration, loss curves, samples after each epoch and\n" +
        "trajectories from noise to data; a CNF's likelihood and density; flow matching's samples " +
        "by\nsolver and number of evaluations, and the training images nearest to its samples. The " +
        "HTML\nfile opens anywhere, without a network. Prints its path.",
      [
        ["fluxion report latest --out report.html", "the newest run"],
        ["fluxion report runs/a runs/b --theory --out report.html", "two runs and the theory"],
        ["fluxion report runs/lr --out report.html", "all runs in a folder"],
        ["fluxion report latest --out docs/report.md", "for a repository's page"],
      ],
    ),
  },
});
