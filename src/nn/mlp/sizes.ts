import type { NamedNetwork } from "../named_network.ts";
import { count, evenWidth } from "../size_rule.ts";

/** The sizes of a ConditionalMLP. */
export type MlpSizes = {
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers; even, because of the time embedding. */
  readonly hidden: number;
};

/** What a ConditionalMLP's sizes may be, and which of them are options. */
export const mlpSizes = {
  rows: "points",
  sizes: { dims: count, hidden: evenWidth },
  options: ["hidden"],
} as const satisfies NamedNetwork<MlpSizes>;
