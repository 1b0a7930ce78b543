import type { TrainConfig } from "../../src/train/config.ts";
import { datasetNames } from "../../src/data/registry.ts";
import { openData } from "./open_data.ts";

/**
 * What a CNF's loss cannot fall below: the NLL of the true density on the test
 * points, where that density is known.
 */
export async function curvesReference(
  config: TrainConfig,
): Promise<{ readonly value: number; readonly label: string } | undefined> {
  if (config.model !== "cnf" || !datasetNames.includes(config.data)) return undefined;
  const dataset = await openData(config.data, config);
  if (dataset.kind !== "points" || dataset.density === null) return undefined;
  const logDensity = dataset.density.logDensity(dataset.test.points);
  const mean = logDensity.reduce((sum, value) => sum + value, 0) / logDensity.length;
  return { value: -mean, label: "true density, same test points" };
}
