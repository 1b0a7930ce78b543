import { permutation } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { PointDataset } from "../dataset.ts";
import { gatherRows } from "./split.ts";

/** Least and largest number of validation rows; more would cost time and hardly change a choice. */
const ROWS = { least: 10, most: 1000 } as const;

/** Number of validation rows for a share of `count` training rows: at least 10, at most 1,000. */
export function validationCount(count: number, share: number): number {
  return Math.min(ROWS.most, Math.max(ROWS.least, Math.round(share * count)));
}

/**
 * Takes validation rows out of the training rows: {@link validationCount} of them, drawn by `seed`.
 * The other rows keep their order.
 *
 * @returns Copies; tables are not shared.
 */
export function withValidation(
  dataset: PointDataset,
  { seed, share }: { readonly seed: number; readonly share: number },
): PointDataset {
  const { train, dims } = dataset;
  const count = validationCount(train.count, share);
  const order = permutation(keyOf(subsequences.validationRows, seed), train.count);
  return {
    ...dataset,
    train: gatherRows(train, dims, order.slice(count).sort()),
    validation: gatherRows(train, dims, order.slice(0, count).sort()),
  };
}
