import type { TypedPositionalParameter } from "@stricli/core";
import { text } from "./parsers.ts";

/** The positional argument RUN. */
export const runArgument: TypedPositionalParameter<string> = {
  brief: "a run folder, or latest: the newest in runs/",
  placeholder: "RUN",
  parse: text("a run folder"),
};

/** Which weights of a run are used. */
export interface WeightsOption {
  readonly weights?: "ema" | "raw";
}

/** `--weights`. */
export const weightsOption = {
  weights: {
    kind: "enum",
    values: ["ema", "raw"],
    optional: true,
    brief: "the moving average of the weights or the last ones (default ema if the run has one)",
  },
} as const;
