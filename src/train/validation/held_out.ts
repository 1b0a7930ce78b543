import type { Dataset } from "../../data/dataset.ts";
import { validationCount, withValidation } from "../../data/tables/validation_rows.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named } from "../../core/quoted.ts";
import type { TrainConfig, TrainOptions } from "../options/table.ts";

/** Share of a file's training rows that validate by default. */
const SHARE = 0.1;

/** Default number of validations without improvement after which training stops. */
const PATIENCE = 20;

/** A file of fewer training rows has no validation by default: ten would be over a quarter. */
const FEWEST_ROWS = 40;

/** Smallest number of training rows that a given share may leave. */
const FEWEST_LEFT = 10;

/** Validation of a new run, for its config, and remarks about it. */
export interface ChosenValidation {
  readonly options: Pick<TrainOptions, "validation" | "patience">;
  /** Human-readable remarks, one line each. */
  readonly remarks: readonly string[];
}

/**
 * Chooses the validation of a new run: a tenth of the training rows of a file of points, none of
 * other data unless the options ask for it.
 *
 * @throws {InputError} If a given share leaves too few training rows, or a patience is given where
 *   no rows validate.
 */
export function chooseValidation(dataset: Dataset, given: TrainOptions): ChosenValidation {
  if (dataset.kind === "images") return { options: {}, remarks: [] };
  const { count } = dataset.train;
  const isFile = dataset.file !== undefined;
  const isSmall = count < FEWEST_ROWS;
  const share = given.validation ?? (isFile ? isSmall ? 0 : SHARE : undefined);
  if (share) {
    requireRowsLeft(share, count, dataset.name);
    return { options: { validation: share, patience: given.patience ?? PATIENCE }, remarks: [] };
  }
  const isFallback = isFile && given.validation === undefined;
  if (given.patience !== undefined && !isFallback) {
    throw new InputError(
      `${option("patience", given.patience)}: does not apply: no rows validate; give ${
        option("validation", SHARE)
      } too, or leave it out`,
    );
  }
  const remarks = isFallback ? [tooFewWords(count, dataset.name)] : [];
  return { options: share === undefined ? {} : { validation: share }, remarks };
}

function tooFewWords(count: number, name: string): string {
  const rows = validationCount(count, SHARE);
  const anyway = count - rows >= FEWEST_LEFT
    ? ` (${option("validation", SHARE)} keeps them anyway)`
    : "";
  return `data ${
    named(name)
  }: ${count} training rows are too few to keep ${rows} for validation; ` +
    `all of them train, to the last step${anyway}`;
}

function requireRowsLeft(share: number, count: number, name: string): void {
  const rows = validationCount(count, share);
  if (count - rows >= FEWEST_LEFT) return;
  throw new InputError(
    `${option("validation", share)}: takes ${rows} of the ${count} training rows of data ` +
      `${named(name)}; at least ${FEWEST_LEFT} must be left: leave it out`,
  );
}

/** The data of a run with its validation rows set apart, if its config has some. */
export function heldOut<Data extends Dataset>(
  dataset: Data,
  { seed, validation: share = 0 }: Pick<TrainConfig, "seed" | "validation">,
): Dataset {
  return dataset.kind === "points" && share > 0
    ? withValidation(dataset, { seed, share })
    : dataset;
}
