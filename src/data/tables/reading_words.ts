import { option } from "../../core/options/spelling.ts";
import { named } from "../../core/quoted.ts";
import type { PointFile, TableReading } from "../dataset.ts";
import { columnArgument, columnWords, type DroppedColumn, type TableColumn } from "./columns.ts";

/** Columns described one by one; of wider tables only the first few are named. */
const DESCRIBED = 8;

/** Columns named of a wide table. */
const NAMED = 4;

/** What is said of a table beside its columns. */
export interface ReadingDetails {
  /** What follows the number of rows, such as how many of them train. */
  readonly rows?: string;
  /** What follows the name of a column, such as its scale; by position among the columns. */
  readonly ofColumn?: (column: number) => string;
  /** What follows the names of a wide table, whose columns are not described one by one. */
  readonly ofWide?: string;
}

/**
 * One line about a table that was read: its rows and columns, how they were found, and what was left
 * out.
 *
 * @param place The file's name.
 * @param count Number of rows in use.
 */
export function readingWords(
  place: string,
  { count, columns, dropped, reading, firstLine = null }: PointFile & { readonly count: number },
  { rows = "", ofColumn = () => "", ofWide = "" }: ReadingDetails = {},
): string {
  const isNamed = columns.some(({ name }) => name !== null);
  const wide = columns.length > DESCRIBED;
  const shown = columns.slice(0, wide ? NAMED : DESCRIBED).map((column, i) =>
    label(column) + (wide ? "" : ofColumn(i))
  ).join(", ");
  const last = wide ? ` ... ${label(columns.at(-1)!)}${ofWide}` : "";
  const parts = [
    `${placeWords(place)}: ${many(count, "row")}${rows}, ${many(columns.length, "column")}${
      reading === undefined ? "" : byWords(reading)
    }${isNamed || ofColumn(0) !== "" ? `: ${shown}${last}` : ""}`,
    ...leftOutWords(columns, { dropped, reading }),
    ...likeIndexWords(reading, [...columns, ...dropped]),
    ...missingWords(count, reading),
    ...roundedWords(columns, { dropped, reading }),
    ...(firstLine?.kind === "names" && firstLine.because === "ladder"
      ? [`its first line is taken for names (${option("header", "no")} reads it as a row)`]
      : []),
    ...(firstLine?.kind === "row" ? ["no line of names"] : []),
  ];
  return parts.join("; ");
}

/** The name of the file that was read, for people. */
export function placeWords(place: string): string {
  return place === "standard input" ? place : named(place.replace(/^.*[/\\]/, ""));
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function label({ name, number }: DroppedColumn): string {
  return name === null ? String(number) : named(name, 30);
}

function byWords({ by }: TableReading): string {
  switch (by) {
    case "choice":
      return "";
    case "name":
      return " found by name";
    case "unnamedFile":
      return " found by position, since the file has no names";
    case "unnamedRun":
      return " found by position, since the run stores no names";
    default:
      return by satisfies never;
  }
}

function leftOutWords(
  columns: readonly TableColumn[],
  { dropped, reading }: Pick<PointFile, "dropped" | "reading">,
): string[] {
  const index = reading?.index ?? null;
  const others = dropped.filter(({ number }) => number !== index?.number);
  // A number among names would be taken for a name.
  const isNamed = [...columns, ...dropped].some(({ name }) => name !== null);
  const list = others.slice(0, DESCRIBED)
    .map((column) => isNamed && column.name === null ? columnWords(column) : label(column))
    .join(", ") +
    (others.length > DESCRIBED ? ` and ${others.length - DESCRIBED} more` : "");
  const verb = reading?.by === "choice" ? "left out" : "ignored";
  return [
    ...(index === null ? [] : [indexWords(index, columns, dropped)]),
    ...(others.length === 0 ? [] : [`${verb}: ${list}`]),
  ];
}

/** What a column may be that is kept and looks like an index. */
function likeIndexWords(
  reading: TableReading | undefined,
  all: readonly DroppedColumn[],
): string[] {
  const column = reading?.likeIndex;
  if (column === undefined) return [];
  const which = column.name === null
    ? "the nameless first column"
    : `the first column, ${label(column)},`;
  return [
    `${which} has a different whole number in each row (${
      option("drop", columnArgument(column, all))
    } leaves it out if it only names the rows)`,
  ];
}

/** Why an index is left out, and how to keep it. */
function indexWords(
  index: DroppedColumn,
  columns: readonly TableColumn[],
  dropped: readonly DroppedColumn[],
): string {
  const what = index.name === null
    ? "the nameless first column,"
    : `the first column, ${label(index)},`;
  const all = [...columns, ...dropped];
  const wanted = [index, ...columns].map((column) => columnArgument(column, all));
  const how = wanted.length > DESCRIBED
    ? `name it and all others in ${option("columns")} to keep it`
    : `${option("columns", wanted.join(","))} keeps it`;
  return `left out ${what} which only counts the rows (${how})`;
}

function missingWords(count: number, reading: TableReading | undefined): string[] {
  const gone = (reading?.rows ?? count) - count;
  return gone === 0 ? [] : [`left out ${many(gone, "row")} with missing values`];
}

/** Columns whose rounded values are shown. */
const ROUNDED = 3;

/** Which whole numbers were rounded, and how to read what they stand for. */
function roundedWords(
  columns: readonly TableColumn[],
  { dropped, reading }: Pick<PointFile, "dropped" | "reading">,
): string[] {
  const rounded = reading?.rounded ?? [];
  const words = rounded.slice(0, ROUNDED).map((found) => {
    const { column, count, exact, place } = found;
    return `${many(count, "whole number")} beyond 2^53 of ${columnWords(column)} ` +
      `${count === 1 ? "is" : "are"} rounded, ${
        count === 1 ? "" : "the first "
      }in ${place} from ${exact} to ${found.rounded}`;
  });
  const more = rounded.length > ROUNDED
    ? `, and others in ${rounded.length - ROUNDED} more columns`
    : "";
  if (words.length === 0) return [];
  const all = [...columns, ...dropped];
  const drops = rounded.slice(0, ROUNDED).map(({ column }) =>
    option("drop", columnArgument(column, all))
  );
  const how = reading?.by === "choice"
    ? ` (ids are left out with ${
      drops.join(" ")
    }, times keep their digits as differences from a start)`
    : "";
  return [`${words.join(", ")}${more}${how}`];
}
