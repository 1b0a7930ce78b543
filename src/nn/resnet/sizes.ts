import type { NamedNetwork } from "../named_network.ts";
import { count, evenWidth } from "../size_rule.ts";

/** Sizes of a ConditionedSimpleResnet. */
export type ResnetSizes = {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** Channels of the image: 1 for greyscale. */
  readonly channels: number;
  /** Number of filters; even, as the time embedding requires. */
  readonly filters: number;
  /** Number of residual blocks; each widens the receptive field by 2 pixels. */
  readonly blocks: number;
};

/** Valid sizes of a ConditionedSimpleResnet, and which of them are options. */
export const resnetSizes = {
  rows: "images",
  sizes: {
    height: count,
    width: count,
    channels: count,
    filters: evenWidth,
    // Each block has six tensors, each with an entry in the layout.
    blocks: { ...count, most: 10_000 },
  },
  options: ["filters", "blocks"],
} as const satisfies NamedNetwork<ResnetSizes>;
