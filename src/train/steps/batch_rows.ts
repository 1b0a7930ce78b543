import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { Dataset } from "../../data/dataset.ts";
import { isDiscrete } from "../../data/tables/kinds/column_kind.ts";
import { type PointValues, type Standardization, toModel } from "../../flows/standardization.ts";
import { BatchOrder, datasetWidth, readRows } from "../batches.ts";
import { noiseWeight, withNoise } from "../row_noise.ts";
import type { TrainingPlan } from "../training_plan.ts";

/** Tables of at most this many numbers in model units, 32 MiB, are converted once for all steps. */
const MOST_KEPT = 2 ** 23;

/** The rows of each training step: a function of (seed, step) alone. */
export class BatchRows {
  readonly #plan: Pick<TrainingPlan, "config" | "dataset" | "standardization" | "steps">;
  readonly #order: BatchOrder;
  #kept: Float32Array | null | undefined;

  constructor(plan: Pick<TrainingPlan, "config" | "dataset" | "standardization" | "steps">) {
    const { config: { seed, batchSize }, dataset } = plan;
    this.#plan = plan;
    this.#order = new BatchOrder({ seed, count: dataset.train.count, batchSize });
  }

  /**
   * The rows of a step in the data's units and in the model's, with the step's noise.
   *
   * @param step From 0.
   */
  at(step: number): { readonly points: PointValues; readonly rows: Float32Array } {
    const { config, dataset, standardization } = this.#plan;
    const points = readRows(dataset, "train", this.#order.indices(step));
    const cells = { key: keyOf(subsequences.tableNoise, config.seed, step) };
    return { points, rows: this.#noisy(toModel(standardization, points, cells), step) };
  }

  /** The `rows` of {@link at}, written to `out`; faster for tables without discrete columns. */
  write(step: number, out: Float32Array): void {
    const { dataset, standardization } = this.#plan;
    const width = standardization?.center.length ?? datasetWidth(dataset);
    this.#kept ??= keptRows(dataset, standardization);
    if (this.#kept === null) {
      out.set(this.at(step).rows);
      return;
    }
    const indices = this.#order.indices(step), kept = this.#kept;
    for (let row = 0, at = 0; row < indices.length; row++) {
      const from = indices[row]! * width;
      for (let d = 0; d < width; d++) out[at++] = kept[from + d]!;
    }
    const noisy = this.#noisy(out, step);
    if (noisy !== out) out.set(noisy);
  }

  #noisy(rows: Float32Array, step: number): Float32Array {
    const { config, steps } = this.#plan;
    return withNoise(rows, {
      weight: noiseWeight(config.noise ?? 0, { step, horizon: config.lrHorizon ?? steps }),
      key: keyOf(subsequences.rowNoise, config.seed, step),
    });
  }
}

/** All training rows in model units, if they are the same in every step and few; else null. */
function keptRows(dataset: Dataset, standardization: Standardization | null): Float32Array | null {
  if (dataset.kind !== "points" || (standardization?.columns ?? []).some(isDiscrete)) return null;
  const { points } = dataset.train;
  return points.length <= MOST_KEPT ? toModel(standardization, points) : null;
}
