import { quotedJson } from "../../core/quoted.ts";
import { namedNetwork } from "../../nn/named_networks.ts";
import { trainOptionNames, type TrainOptions } from "../options/table.ts";
import type { RunSummary } from "./run_summary.ts";

/** A value of an option in a config; undefined where the config has none. */
export type OptionValue = TrainOptions[keyof TrainOptions];

/** An option that is not the same in all of some runs. */
export interface DifferingOption {
  /** The option, or `network` for networks that have no name. */
  readonly name: string;
  /** Its value in each run, in the order of the runs. */
  readonly values: readonly OptionValue[];
}

/**
 * The options in which the configs of runs differ, in the order of the table of options. A horizon
 * of the learning rate that is the length of each run is not listed beside `steps`.
 */
export function differingOptions(
  runs: readonly Pick<RunSummary, "options" | "network">[],
): DifferingOption[] {
  const options = runs.map((run) => run.options ?? {});
  const follows = options.every(({ lrHorizon, steps }) => lrHorizon === steps);
  const found: DifferingOption[] = trainOptionNames
    .filter((name) => name !== "lrHorizon" || !follows)
    .map((name) => ({ name, values: options.map((each) => each[name]) }));
  const own = runs.map(({ network }) =>
    network === null || namedNetwork(network.kind) !== undefined ? undefined : quotedJson(network)
  );
  return [...found, { name: "network", values: own }].filter(({ values }) => {
    const texts = values.map((value) => JSON.stringify(value));
    return texts.some((text) => text !== texts[0]);
  });
}
