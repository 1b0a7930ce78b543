import type { FlowModel } from "../../flows/model.ts";
import { logScaleSum, logVolumes, type PointValues } from "../../flows/standardization.ts";

/**
 * What takes a batch's mean loss from model units to the data's. A CNF's loss is a likelihood; a
 * squared error stays in standardised units, since columns of different units share none.
 */
export function lossOffset(
  { kind, standardization }: Pick<FlowModel, "kind" | "standardization">,
  points: PointValues,
): number {
  if (kind !== "cnf") return 0;
  const volumes = logVolumes(standardization, points);
  const mean = volumes === null
    ? 0
    : volumes.reduce((sum, value) => sum + value, 0) / volumes.length;
  return logScaleSum(standardization) - mean;
}
