import type { PointDataset } from "../../data/dataset.ts";
import { irreducibleLoss } from "../../flows/losses/irreducible_loss.ts";
import { linearPath } from "../../flows/paths/linear_path.ts";
import { meanAndStdErr } from "../../metrics/statistics.ts";
import type { TrainingCurves } from "../../plot/curves_plot.ts";
import { testRows } from "../../train/evaluation.ts";
import type { RunConfig } from "../../train/run/load_run.ts";

/**
 * Reference line of a loss, on the rows of the test losses: for a CNF the NLL of the true density,
 * for flow matching the loss that no model can be below in expectation. Undefined if the density is
 * not known, or the losses are those of points in other units or of a program's own path, source,
 * coupling or times.
 */
export function lossReference(
  dataset: PointDataset,
  { config, standardization, flowValues }: Pick<
    RunConfig,
    "config" | "standardization" | "flowValues"
  >,
): TrainingCurves["reference"] {
  const { density, dims, test } = dataset;
  const rows = test.points.subarray(0, testRows(config.model, dataset) * dims);
  if (density === null || rows.length === 0) return undefined;
  if (config.model === "cnf") {
    const { mean } = meanAndStdErr(density.logDensity(rows));
    return { value: -mean, label: "true density, same test points" };
  }
  const { sigmaMin } = config;
  const isPlain = Object.keys(flowValues).length === 0 && sigmaMin !== undefined;
  if (standardization !== null || !isPlain) return undefined;
  const path = linearPath(sigmaMin);
  const value = irreducibleLoss(density, rows, { path, seed: config.seed, width: dims });
  return { value, label: "irreducible loss (true velocity, same draws)" };
}
