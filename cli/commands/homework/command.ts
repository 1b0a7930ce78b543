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

/** The options of `fluxion homework`. */
export interface HomeworkFlags
  extends Pick<DeviceOptions, "backend">, OverwriteOption, JsonOption, MessageOptions {
  readonly out?: string;
  readonly quick?: boolean;
  readonly seed?: number;
}

/** `fluxion homework`. */
export const homeworkCommand = buildCommand<HomeworkFlags>({
  loader: async () => (await import("./run.ts")).homework,
  parameters: {
    aliases: { o: "out" },
    flags: {
      out: {
        kind: "parsed",
        parse: text("a folder"),
        optional: true,
        placeholder: "DIR",
        brief: "folder for all of it, made if needed (default homework)",
      },
      quick: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "small models, three minutes instead of 24",
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of everything random (default 0)",
      },
      backend: deviceOptions.backend,
      ...overwriteOption("the homework of --out, if there is one"),
      ...jsonOption("results.json instead of the folder's path"),
      ...messageOptions,
    },
  },
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
