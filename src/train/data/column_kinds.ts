import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named } from "../../core/quoted.ts";
import { type Dataset, isTable } from "../../data/dataset.ts";
import { columnWords } from "../../data/tables/columns.ts";
import { kindOptions } from "../../data/tables/kinds/column_kinds.ts";
import { type ColumnKind, whyImpossible } from "../../data/tables/kinds/column_kind.ts";
import type { TrainOptions } from "../options/table.ts";
import type { InitialMap } from "../standardize.ts";

/**
 * What the columns are that initial weights were trained on; undefined: all real, or there are no
 * initial weights.
 *
 * @throws {InputError} If options say it too.
 */
export function initialKinds(
  given: TrainOptions,
  initial: InitialMap | undefined,
): readonly ColumnKind[] | undefined {
  if (initial === undefined) return undefined;
  const name = kindOptions.find((name) => given[name] !== undefined);
  if (name !== undefined) {
    throw new InputError(
      `${option(name, given[name])}: the weights of ${
        named(initial.name)
      } bring what their columns are; ` +
        `leave it out, or start without ${option("init")}`,
    );
  }
  return initial.standardization?.columns;
}

/**
 * Checks that all training rows have values that are possible for the columns of a run or of initial
 * weights: positive ones in a log column, for example.
 *
 * @throws {InputError} With the first value that is not.
 */
export function requirePossible(dataset: Dataset): void {
  if (!isTable(dataset)) return;
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
