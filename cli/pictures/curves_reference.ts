import { datasetNames } from "../../src/data/registry.ts";
import { lossReference } from "../../src/report/sections/run_pictures.ts";
import type { TrainConfig } from "../../src/train/config/config.ts";
import { openData } from "../runs/open_data.ts";

/** {@link lossReference} of a run; only a CNF has one, and only on data that come by name. */
export async function curvesReference(
  config: TrainConfig,
): Promise<ReturnType<typeof lossReference>> {
  if (config.model !== "cnf" || !datasetNames.includes(config.data)) return undefined;
  const dataset = await openData(config.data, config);
  return dataset.kind === "points" ? lossReference(dataset) : undefined;
}
