import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { type DeviceOptions, deviceOptions } from "../../options/device.ts";
import {
  type JsonOption,
  jsonOption,
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
} from "../../options/output.ts";
import { text, wholeNumber } from "../../options/parsers.ts";
import { runArgument } from "../../options/run.ts";

/** The options of `fluxion report`. */
export interface ReportFlags extends DeviceOptions, OverwriteOption, JsonOption, MessageOptions {
  readonly out?: string;
  readonly theory?: boolean;
  readonly seed?: number;
}

/** `fluxion report RUN...`. */
export const reportCommand = buildCommand<ReportFlags, string[]>({
  loader: async () => (await import("./run.ts")).report,
  parameters: {
    positional: { kind: "array", parameter: runArgument },
    aliases: { o: "out" },
    flags: {
      out: {
        kind: "parsed",
        parse: text("a file ending .html or .md"),
        optional: true,
        placeholder: "FILE",
        brief: "where to: one .html file, or .md with its pictures in a folder beside it (needed)",
      },
      theory: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "begin with the theorems: proofs, checks, pictures",
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of the samples and of the theorems' checks (default 0)",
      },
      ...deviceOptions,
      ...overwriteOption("the file of --out, if there is one"),
      ...jsonOption("the path and the outcomes as one JSON object"),
      ...messageOptions,
    },
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
