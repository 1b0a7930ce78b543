import { trainOptions } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "../../options/option.ts";
import {
  countOption,
  jsonOption,
  messageOptions,
  overwriteOption,
  seedOption,
} from "../../options/shared.ts";

/** The options of `fluxion data list` and `fluxion data verify`. */
export const listOptions = {
  ...jsonOption("a JSON array"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Their parsed values. */
export type ListFlags = FlagValues<typeof listOptions>;

/** The options of `fluxion data preview`. */
export const previewOptions = {
  out: {
    value: { kind: "file", expected: "a name ending .png", endings: [".png"] },
    alias: "o",
    placeholder: "FILE",
    group: "own",
    help: "output picture",
    defaultWords: "default NAME.png in the current folder",
  },
  ...countOption("100", "rows", "default 100 images, 2000 points"),
  ...seedOption("generated points"),
  binarize: { ...trainOptions.binarize, help: "images: binarize pixels to 0 or 1" },
  columns: {
    ...trainOptions.columns,
    help:
      "points of a file: show these columns alone, in this order: names or numbers from 1, by " +
      "commas; may be repeated",
  },
  drop: trainOptions.drop,
  categorical: trainOptions.categorical,
  dropMissing: trainOptions.dropMissing,
  header: trainOptions.header,
  ...overwriteOption("the picture, if there is one"),
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion data preview`. */
export type PreviewFlags = FlagValues<typeof previewOptions>;

/** The options of `fluxion data fetch`. */
export const fetchOptions = {
  from: {
    value: { kind: "text", expected: "a folder or a URL" },
    placeholder: "DIR|URL",
    group: "own",
    help: "your own mirror",
    defaultWords: "default torchvision's public mirrors",
  },
  ...messageOptions,
} as const satisfies CommandOptions;

/** Parsed options of `fluxion data fetch`. */
export type FetchFlags = FlagValues<typeof fetchOptions>;
