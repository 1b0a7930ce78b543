import { buildCommand, buildRouteMap } from "@stricli/core";
import { describe } from "../../help.ts";
import { proposeDatasets } from "../../options/dataset_names.ts";
import {
  type JsonOption,
  jsonOption,
  type MessageOptions,
  messageOptions,
  type OverwriteOption,
  overwriteOption,
} from "../../options/output.ts";
import { text, wholeNumber } from "../../options/parsers.ts";

/** The options of `fluxion data preview`. */
export interface PreviewFlags extends OverwriteOption, MessageOptions {
  readonly out?: string;
  readonly n?: number;
  readonly seed?: number;
  readonly binarize?: boolean;
}

/** The options of `fluxion data fetch`. */
export interface FetchFlags extends MessageOptions {
  readonly from?: string;
}

const nameArgument = {
  brief: "a data set's name (see: fluxion data list)",
  placeholder: "NAME",
  parse: text("a data set's name"),
  proposeCompletions: proposeDatasets,
};

const listCommand = buildCommand<JsonOption & MessageOptions>({
  loader: async () => (await import("./run.ts")).list,
  parameters: { flags: { ...jsonOption("a JSON array"), ...messageOptions } },
  docs: {
    brief: "the data sets, and whether they are here",
    fullDescription: describe("Lists the data sets.", [
      ["fluxion data list", ""],
      ["fluxion data list --json", "for scripts"],
    ]),
  },
});

const previewCommand = buildCommand<PreviewFlags, [string]>({
  loader: async () => (await import("./run.ts")).preview,
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        ...nameArgument,
        brief: "a data set's name or a file",
        placeholder: "NAME|FILE",
      }],
    },
    aliases: { n: "n", o: "out" },
    flags: {
      out: {
        kind: "parsed",
        parse: text("a file ending .png"),
        optional: true,
        placeholder: "FILE",
        brief: "the picture (default NAME.png where you stand)",
      },
      n: {
        kind: "parsed",
        parse: wholeNumber(1, "100"),
        optional: true,
        placeholder: "N",
        brief: "how many (default 100 images, 2000 points)",
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber(0, "0"),
        optional: true,
        placeholder: "N",
        brief: "seed of generated points (default 0)",
      },
      binarize: {
        kind: "boolean",
        optional: true,
        brief: "images: pixels become 0 or 1 (default yes)",
      },
      ...overwriteOption("the picture, if there is one"),
      ...messageOptions,
    },
  },
  docs: {
    brief: "a PNG of some of a data set",
    fullDescription: describe("Draws the first rows of a data set and prints the picture's path.", [
      ["fluxion data preview mnist", "mnist.png: the first 100 digits"],
      ["fluxion data preview moons --out moons.png", "a scatter plot"],
    ]),
  },
});

const fetchCommand = buildCommand<FetchFlags, [string]>({
  loader: async () => (await import("./run.ts")).fetchData,
  parameters: {
    positional: { kind: "tuple", parameters: [nameArgument] },
    flags: {
      from: {
        kind: "parsed",
        parse: text("a folder or a URL"),
        optional: true,
        placeholder: "DIR|URL",
        brief: "a mirror of your own (default the public mirrors that torchvision uses)",
      },
      ...messageOptions,
    },
  },
  docs: {
    brief: "download grey-value images into the cache folder",
    fullDescription: describe(
      "Fetches mnist, fashion-mnist or kmnist, checks the content's SHA-256 and places it in the " +
        "cache\nfolder (FLUXION_DATA_DIR names another). Prints the folder's path.",
      [
        ["fluxion data fetch fashion-mnist", "from the public mirrors"],
        ["fluxion data fetch mnist --from ./downloads", "from files that you have"],
      ],
    ),
  },
});

const verifyCommand = buildCommand<JsonOption & MessageOptions, [string]>({
  loader: async () => (await import("./run.ts")).verify,
  parameters: {
    positional: { kind: "tuple", parameters: [nameArgument] },
    flags: { ...jsonOption("a JSON array"), ...messageOptions },
  },
  docs: {
    brief: "check the files of a data set against their SHA-256",
    fullDescription: describe(
      "Checks files that were fetched; exit code 1 if one is not as it should be.",
      [
        ["fluxion data verify mnist", ""],
      ],
    ),
  },
});

/** `fluxion data list|preview|fetch|verify`. */
export const dataRoutes = buildRouteMap({
  routes: {
    list: listCommand,
    preview: previewCommand,
    fetch: fetchCommand,
    verify: verifyCommand,
  },
  docs: { brief: "what data there is; pictures of it; downloads" },
});
