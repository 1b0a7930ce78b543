import type { NamedNetwork } from "../named_network.ts";
import { count, type SizeRule } from "../size_rule.ts";

/** The sizes of a UNet. */
export type UnetSizes = {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** Of the image: 1 for grey values. */
  readonly channels: number;
  /** At full size, twice as many at half and at a quarter; a multiple of 4, the channels that are normalised together. */
  readonly filters: number;
};

/** Channels are normalised in groups of four. */
const filters: SizeRule = {
  least: 4,
  multipleOf: 4,
  expected: "a multiple of 4 (a unet normalises four filters together)",
  refusal: "a unet normalises four at a time and takes a multiple of 4",
};

/** What a UNet's sizes may be, and which of them are options. */
export const unetSizes = {
  rows: "images",
  sizes: { height: count, width: count, channels: count, filters },
  options: ["filters"],
} as const satisfies NamedNetwork<UnetSizes>;
