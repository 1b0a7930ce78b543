import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { quoted } from "../../core/quoted.ts";
import type { PointRows } from "../dataset.ts";
import { openParquet, type ParquetColumn } from "../formats/parquet/parquet.ts";
import { chooseColumns } from "./column_choice.ts";
import { allColumns, columnArgument } from "./columns.ts";
import { ColumnKinds } from "./kinds/column_kinds.ts";
import { RoundedIntegers } from "./rounded_integers.ts";
import { numberTable } from "./number_table.ts";
import type { TableOptions } from "./table_builder.ts";

/** Columns named in a message. */
const SHOWN = 20;

/**
 * Reads points from a Parquet file. Columns have its names; an index that pandas wrote is left out.
 *
 * @param bytes The whole file, in a buffer of its own.
 * @param place The file's name, for messages.
 * @throws {InputError} If it is damaged, or a chosen column holds neither numbers nor, for a categorical one, texts.
 */
export async function parquetPoints(
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
  options: TableOptions,
): Promise<PointRows> {
  const { rows, columns, read, readTexts } = openParquet(bytes, place);
  const { columns: choice = { kind: "select" } } = options;
  const names = columns.map(({ name }) => name);
  const file = { names, count: names.length };
  const { kept } = chooseColumns(file, choice, place);
  const kinds = new ColumnKinds(place, { file, kept }, choice);
  const isText = (index: number) =>
    columns[index]!.other === "text" && kinds.isCategorical(kept.indexOf(index));
  const others = kept.filter((index) => columns[index]!.other !== null && !isText(index));
  if (others.length > 0) {
    throw noNumbers(place, { columns, others, isOffered: choice.kind === "select" });
  }
  const values = new Float64Array(rows * names.length);
  const texts = new Map<number, readonly string[]>();
  const rounded = new RoundedIntegers();
  const fill = (index: number, found: Float64Array) =>
    found.forEach((value, row) => values[row * names.length + index] = value);
  for (const index of kept) {
    const name = names[index]!;
    if (isText(index)) {
      const found = await readTexts(name);
      texts.set(index, found.texts);
      fill(index, found.values);
    } else {
      const add = (row: number, exact: bigint) => rounded.add(index, exact, `row ${row + 1}`);
      fill(index, await read(name, add));
    }
  }
  return numberTable(place, { names, width: names.length, values, texts, rounded }, options);
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
  const options = (key: string, list: readonly number[]) =>
    list.map((index) => option(key, columnArgument(all[index]!, all))).join(" ");
  const has = (kind: ParquetColumn["other"]) =>
    shown.filter((index) => columns[index]!.other === kind);
  const texts = has("text"), it = others.length === 1 ? "it" : "them";
  const remedies = isOffered
    ? [
      ...(texts.length === 0
        ? []
        : [`learn the categories of text with ${options("categorical", texts)}`]),
      ...(has("dates or times").length === 0
        ? []
        : ["write dates and times as numbers, such as seconds or days since a start"]),
      `leave ${it} out with ${options("drop", shown)}`,
    ]
    : [`write ${it} as numbers`];
  return new InputError(
    `${place}: ${others.length} ${others.length === 1 ? "column holds" : "columns hold"} no ` +
      `numbers: ${words.join(", ")}${others.length > SHOWN ? " ..." : ""}; ${
        remedies.join(", or ")
      }`,
  );
}
