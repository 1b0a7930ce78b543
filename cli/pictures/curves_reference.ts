import type { RunConfig } from "@fluxion/fluxion/program";
import { type Dataset, datasetNames } from "@fluxion/fluxion/data";
import { lossReference } from "@fluxion/fluxion/report/evaluation";
import { openData } from "../runs/open_data.ts";

/**
 * {@link lossReference} of a run, defined only for points of a built-in data set.
 *
 * @param opened The run's dataset, if it is open already.
 */
export async function curvesReference(
  runConfig: RunConfig,
  opened?: Dataset,
): Promise<ReturnType<typeof lossReference>> {
  const { config, network } = runConfig;
  if (network.image !== undefined || !datasetNames.includes(config.data)) return undefined;
  const dataset = opened ?? await openData(config.data, { seed: config.seed });
  return dataset.kind === "points" ? lossReference(dataset, runConfig) : undefined;
}
