import type { NamedNetwork } from "../named_network.ts";
import { count, type SizeRule } from "../size_rule.ts";

/** Sizes of a UNet. */
export type UnetSizes = {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** Channels of the image: 1 for greyscale. */
  readonly channels: number;
  /** Filters at full size, doubled at half and quarter size; a multiple of 4 for the group norms. */
  readonly filters: number;
};

/** Group norm normalises channels in groups of four. */
const filters: SizeRule = {
  least: 4,
  multipleOf: 4,
  expected: "a multiple of 4 (a unet normalises four filters together)",
  refusal: "a unet normalises four at a time and takes a multiple of 4",
};

/** Valid sizes of a UNet, and which of them are options. */
export const unetSizes = {
  rows: "images",
  sizes: { height: count, width: count, channels: count, filters },
  options: ["filters"],
} as const satisfies NamedNetwork<UnetSizes>;
