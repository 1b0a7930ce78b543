import type { RunConfig } from "@fluxion/fluxion/program";
import { datasetNames } from "@fluxion/fluxion/data";
import { lossReference } from "@fluxion/fluxion/report/evaluation";
import { openData } from "../runs/open_data.ts";

/** {@link lossReference} of a run, defined only for points of a built-in data set. */
export async function curvesReference(
  runConfig: RunConfig,
): Promise<ReturnType<typeof lossReference>> {
  const { config, network } = runConfig;
  if (network.image !== undefined || !datasetNames.includes(config.data)) return undefined;
  const dataset = await openData(config.data, { seed: config.seed });
  return dataset.kind === "points" ? lossReference(dataset, runConfig) : undefined;
}
