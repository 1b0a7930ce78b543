import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { runArgument } from "../../options/shared.ts";
import { checkReport } from "./check.ts";
import { type ReportFlags, reportOptions } from "./flags.ts";

/** `fluxion report RUN...`. */
export const reportCommand = buildCommand<ReportFlags, string[]>({
  loader: checkFirst(checkReport, async () => (await import("./run.ts")).report),
  parameters: {
    positional: { kind: "array", parameter: runArgument },
    ...parametersOf(reportOptions),
  },
  docs: {
    brief: "one page of what runs learnt, with its pictures inside",
    fullDescription: describe(
      "Shows each run: its data, configuration, loss curves, samples after each epoch, the way " +
        "from\nnoise to data; a CNF's likelihood and density; flow matching's samples by solver " +
        "and number of\nevaluations, and the training images nearest to its own. The HTML file " +
        "opens anywhere,\nwithout a network. Prints its path.",
      [
        ["fluxion report latest --out report.html", "of the newest run"],
        ["fluxion report runs/a runs/b --theory --out report.html", "two runs and the theory"],
        ["fluxion report latest --out docs/report.md", "for a repository's page"],
      ],
    ),
  },
});
