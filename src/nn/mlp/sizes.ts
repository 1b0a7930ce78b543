import type { NamedNetwork } from "../named_network.ts";
import { count, evenWidth } from "../size_rule.ts";

/** Sizes of a ConditionalMLP. */
export type MlpSizes = {
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers; even, as the time embedding requires. */
  readonly hidden: number;
};

/** Valid sizes of a ConditionalMLP, and which of them are options. */
export const mlpSizes = {
  rows: "points",
  sizes: { dims: count, hidden: evenWidth },
  options: ["hidden"],
} as const satisfies NamedNetwork<MlpSizes>;
