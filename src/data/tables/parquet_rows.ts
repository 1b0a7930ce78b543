import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { quoted } from "../../core/quoted.ts";
import type { PointRows } from "../dataset.ts";
import { openParquet, type ParquetColumn } from "../formats/parquet/parquet.ts";
import { chooseColumns } from "./column_choice.ts";
import { allColumns, columnArgument } from "./columns.ts";
import { numberTable } from "./number_table.ts";
import type { TableOptions } from "./table_builder.ts";

/** Columns named in a message. */
const SHOWN = 20;

/**
 * Reads points from a Parquet file. Columns have its names; an index that pandas wrote is left out.
 *
 * @param bytes The whole file, in a buffer of its own.
 * @param place The file's name, for messages.
 * @throws {InputError} If it is damaged, or a chosen column holds no numbers.
 */
export async function parquetPoints(
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
  options: TableOptions,
): Promise<PointRows> {
  const { rows, columns, read } = openParquet(bytes, place);
  const { columns: choice = { kind: "select" } } = options;
  const names = columns.map(({ name }) => name);
  const file = { names, count: names.length };
  const { kept } = chooseColumns(file, choice, place);
  const others = kept.filter((index) => columns[index]!.other !== null);
  if (others.length > 0) {
    throw noNumbers(place, { columns, others, isOffered: choice.kind === "select" });
  }
  const values = new Float64Array(rows * names.length);
  for (const index of kept) {
    (await read(names[index]!)).forEach((value, row) => values[row * names.length + index] = value);
  }
  return numberTable(place, { names, width: names.length, values }, options);
}

function noNumbers(
  place: string,
  { columns, others, isOffered }: {
    readonly columns: readonly ParquetColumn[];
    readonly others: readonly number[];
    readonly isOffered: boolean;
  },
): InputError {
  const all = allColumns({ names: columns.map(({ name }) => name), count: columns.length });
  const shown = others.slice(0, SHOWN);
  const words = shown.map((index) =>
    `${quoted(columns[index]!.name, 40)} (${columns[index]!.other})`
  );
  const drops = shown.map((index) => option("drop", columnArgument(all[index]!, all)));
  const remedy = isOffered
    ? `; leave ${others.length === 1 ? "it" : "them"} out with ${drops.join(" ")}`
    : "; write them as numbers";
  return new InputError(
    `${place}: ${others.length} ${others.length === 1 ? "column holds" : "columns hold"} no ` +
      `numbers: ${words.join(", ")}${others.length > SHOWN ? " ..." : ""}${remedy}`,
  );
}
