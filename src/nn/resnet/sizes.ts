import type { NamedNetwork } from "../named_network.ts";
import { count, evenWidth } from "../size_rule.ts";

/** The sizes of a ConditionedSimpleResnet. */
export type ResnetSizes = {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** Of the image: 1 for grey values. */
  readonly channels: number;
  /** Even, because of the time embedding. */
  readonly filters: number;
  /** Residual blocks; each widens the receptive field by 2 pixels. */
  readonly blocks: number;
};

/** What a ConditionedSimpleResnet's sizes may be, and which of them are options. */
export const resnetSizes = {
  rows: "images",
  sizes: {
    height: count,
    width: count,
    channels: count,
    filters: evenWidth,
    // A block has six tensors, each a record of the layout.
    blocks: { ...count, most: 10_000 },
  },
  options: ["filters", "blocks"],
} as const satisfies NamedNetwork<ResnetSizes>;
