import { InputError } from "../../core/errors.ts";
import type { PointRows } from "../dataset.ts";
import { chooseColumns, leftOut, tableColumns } from "./column_choice.ts";
import { allColumns, pickColumns } from "./columns.ts";
import { ColumnKinds } from "./kinds/column_kinds.ts";
import { indexCandidates, IndexCounter } from "./index_column.ts";
import { MissingValues } from "./missing_values.ts";
import { RoundedIntegers } from "./rounded_integers.ts";
import type { TableOptions } from "./table_builder.ts";

/** A table of numbers, as NPY files hold it. */
export interface NumberTable {
  /** Names of the columns, or null. */
  readonly names: readonly string[] | null;
  /** Number of columns. */
  readonly width: number;
  /** [rows * width]; NaN: missing. */
  readonly values: Float64Array;
  /**
   * Of columns of texts, by index, the texts whose indices `values` holds; absent if the format has
   * no texts.
   */
  readonly texts?: ReadonlyMap<number, readonly string[]>;
  /** The whole numbers that float64 rounds; default none. */
  readonly rounded?: RoundedIntegers;
}

/**
 * Reads the points of a table of numbers: chooses columns, leaves out an index and, if asked, rows
 * with missing values.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If a column is missing, or a value of one is not a finite float32.
 */
export function numberTable(
  place: string,
  { names, width, values, texts, rounded = new RoundedIntegers() }: NumberTable,
  { columns: choice = { kind: "select" }, dropMissing = false }: TableOptions,
): PointRows {
  const file = { names, count: width };
  const chosen = chooseColumns(file, choice, place);
  const asked = new ColumnKinds(place, { file, kept: chosen.kept }, choice);
  const isAsked = (column: number) => asked.isAsked(column);
  const candidates = indexCandidates(file, { kept: chosen.kept, choice, isAsked });
  const counter = counted(values, width, candidates);
  const indices = counter.count;
  const index = indices > 0 ? allColumns(file)[0]! : null;
  const kept = chosen.kept.slice(indices);
  const kinds = index === null ? asked : new ColumnKinds(place, { file, kept }, choice);
  const all = pickColumns(values, { count: width, kept });
  const rows = values.length / width, dims = kept.length;
  const points = new Float64Array(all.length);
  const missing = new MissingValues(place, {
    file,
    isOffered: choice.kind === "select",
    row: "row",
  });
  let count = 0;
  for (let row = 0; row < rows; row++) {
    let isWhole = true;
    for (let i = 0; i < dims; i++) {
      const value = all[row * dims + i]!;
      points[count * dims + i] = value;
      if (Number.isFinite(Math.fround(value))) {
        const at = `row ${row + 1}`;
        if (kinds.isCategorical(i)) {
          // Without texts, a number may be the index of one, as in NPY files of samples.
          const field = texts && (texts.get(kept[i]!)?.[value] ?? String(value));
          points[count * dims + i] = kinds.category(i, field ?? value, at);
        } else kinds.check(i, value, at);
        continue;
      }
      if (!Number.isNaN(value)) {
        throw new InputError(
          `${place}, row ${row + 1}, column ${kept[i]! + 1}: ${value} is not a finite float32; ` +
            "leave such points out or rescale the data",
        );
      }
      isWhole = false;
      missing.add(kept[i]!, row + 1, "NaN");
    }
    if (isWhole) count++;
  }
  if (!dropMissing) missing.throwIfAny({ rows, width: dims });
  if (count === 0) {
    missing.throwIfEmptyColumn({ rows, width: dims });
    throw new InputError(`${place}: each of its ${rows} rows has a missing value`);
  }
  const found = points.slice(0, count * dims);
  return {
    points: found,
    columns: tableColumns(file, { kept, kinds: kinds.finish(found) }, choice),
    dropped: leftOut(file, kept),
    count,
    dims,
    firstLine: null,
    reading: {
      rows,
      by: chosen.by,
      index,
      ...(counter.isLikeIndex ? { likeIndex: allColumns(file)[0]! } : {}),
      rounded: rounded.of(file, kept),
    },
  };
}

/** Whether the first columns, at most `candidates`, count the rows. */
function counted(values: Float64Array, width: number, candidates: number): IndexCounter {
  const counter = new IndexCounter(candidates);
  for (let at = 0; candidates > 0 && at < values.length; at += width) {
    counter.add(values.subarray(at, at + candidates));
  }
  return counter;
}
