import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named } from "../../core/quoted.ts";
import type { Dataset } from "../../data/dataset.ts";
import { columnWords } from "../../data/tables/columns.ts";
import { type ColumnKind, whyImpossible } from "../../data/tables/kinds/column_kind.ts";
import type { TrainOptions } from "../options/table.ts";
import { readStateDict } from "../weights/initial_weights.ts";

/** Options that say what columns are. */
export const kindOptions = ["log", "dequantize", "categorical"] as const;

/**
 * What the columns are that initial weights were trained on; undefined: all real, or there are no
 * initial weights.
 *
 * @throws {InputError} If options say it too.
 */
export async function initialKinds(
  given: TrainOptions,
): Promise<readonly ColumnKind[] | undefined> {
  const { init } = given;
  if (init === undefined) return undefined;
  const { standardization } = await readStateDict(init);
  const name = kindOptions.find((name) => given[name] !== undefined);
  if (name !== undefined) {
    throw new InputError(
      `${option(name, given[name])}: the weights of ${named(init)} bring what their columns are; ` +
        `leave it out, or start without ${option("init")}`,
    );
  }
  return standardization?.columns;
}

/**
 * Checks that all training rows have values that are possible for the columns of a run or of initial
 * weights: positive ones in a log column, for example.
 *
 * @throws {InputError} With the first value that is not.
 */
export function requirePossible(dataset: Dataset): void {
  if (dataset.kind === "images" || dataset.file === undefined) return;
  const { train, dims, file, name } = dataset;
  for (const [index, column] of file.columns.entries()) {
    for (let at = index; at < train.points.length; at += dims) {
      const reason = whyImpossible(column, train.points[at]!);
      if (reason === null) continue;
      throw new InputError(
        `data ${named(name)}: ${columnWords(column)}: ${reason}; leave such rows out`,
      );
    }
  }
}
