import { datasetNames } from "@fluxion/fluxion/data";
import type { TrainConfig } from "@fluxion/fluxion/options";
import { lossReference } from "@fluxion/fluxion/report/pictures";
import { openData } from "../runs/open_data.ts";

/** {@link lossReference} of a run, defined only for a CNF on a built-in data set. */
export async function curvesReference(
  config: TrainConfig,
): Promise<ReturnType<typeof lossReference>> {
  if (config.model !== "cnf" || !datasetNames.includes(config.data)) return undefined;
  const dataset = await openData(config.data, { seed: config.seed });
  return dataset.kind === "points" ? lossReference(dataset) : undefined;
}
