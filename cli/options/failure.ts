import type { FlagParametersForType } from "@stricli/core";

/** What becomes of the rows whose solve fails. */
export interface FailureOption {
  readonly onFailure?: "continue" | "stop";
}

/** `--on-failure`. */
export const failureOption: FlagParametersForType<FailureOption> = {
  onFailure: {
    kind: "enum",
    values: ["continue", "stop"],
    optional: true,
    brief: "rows whose solve fails: continue writes NaN for each, stop ends at the first " +
      "(default continue)",
  },
};
