import { datasetNames } from "@fluxion/fluxion/data";
import type { TrainConfig } from "@fluxion/fluxion/options";
import { lossReference } from "@fluxion/fluxion/report/pictures";
import { openData } from "../runs/open_data.ts";

/** {@link lossReference} of a run; only a CNF has one, and only on data that come by name. */
export async function curvesReference(
  config: TrainConfig,
): Promise<ReturnType<typeof lossReference>> {
  if (config.model !== "cnf" || !datasetNames.includes(config.data)) return undefined;
  const dataset = await openData(config.data, config);
  return dataset.kind === "points" ? lossReference(dataset) : undefined;
}
