import { buildCommand, buildRouteMap } from "@stricli/core";
import { describe } from "../../help.ts";
import { proposeDatasets } from "../../options/dataset_names.ts";
import { parametersOf } from "../../options/flags.ts";
import { nonEmpty } from "../../options/parse_value.ts";
import {
  type FetchFlags,
  fetchOptions,
  type ListFlags,
  listOptions,
  type PreviewFlags,
  previewOptions,
} from "./flags.ts";

const nameArgument = {
  brief: "a data set's name (see: fluxion data list)",
  placeholder: "NAME",
  parse: nonEmpty("a data set's name"),
  proposeCompletions: proposeDatasets,
};

const listCommand = buildCommand<ListFlags>({
  loader: async () => (await import("./run.ts")).list,
  parameters: parametersOf(listOptions),
  docs: {
    brief: "list the data sets and whether they are downloaded",
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
    ...parametersOf(previewOptions),
  },
  docs: {
    brief: "draw the first rows of a data set as PNG",
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
    ...parametersOf(fetchOptions),
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

const verifyCommand = buildCommand<ListFlags, [string]>({
  loader: async () => (await import("./run.ts")).verify,
  parameters: {
    positional: { kind: "tuple", parameters: [nameArgument] },
    ...parametersOf(listOptions),
  },
  docs: {
    brief: "check the files of a data set against their SHA-256",
    fullDescription: describe(
      "Checks downloaded files; exit code 1 if one is missing or damaged.",
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
  docs: { brief: "list, preview, download and verify data sets" },
});
